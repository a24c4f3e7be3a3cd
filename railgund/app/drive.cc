#include "railgund/app/drive.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "railgund/app/challenge_file.h"
#include "railgund/base/check.h"
#include "railgund/http/answer.h"
#include "railgund/log/log.h"
#include "railgund/net/unix_connect.h"
#include "railgund/proxy/address_rule.h"
#include "railgund/tls/link_peer.h"
#include "railgund/tls/visitor_context.h"

namespace railgun::app {
namespace {

// A closed connection may take this long to send its final bytes.
constexpr Duration kFlushTimeout = std::chrono::seconds(5);
// From the TCP connection to the end of the TLS handshake, for links that came in: two round trips, and what a busy
// machine takes for them.
constexpr Duration kHandshakeTimeout = std::chrono::seconds(5);
// The same for visitors, whose lines may be bad ones.
constexpr Duration kVisitorHandshakeTimeout = std::chrono::seconds(10);
constexpr Duration kMeasureEvery = std::chrono::seconds(1);

// Rejected clients that are told so at the same time; others are closed without a word, as each takes a descriptor.
constexpr std::size_t kMostRejected = 256;

constexpr const char* kNoCertificate =
    "this daemon has no certificate yet: run 'railgunctl activate TOKEN', or set cert.file, key.file and link.ca_file";
constexpr const char* kNoVisitorCertificate =
    "there is no certificate for visitors: put one into the folder of tls.directory, then reload";
constexpr const char* kNoDescriptor = "no descriptor left; raise LimitNOFILE of the unit, or ulimit -n";
constexpr const char* kNoBundle = "no bundle of certificate authorities was found: set ca.bundle, or validate.cert = 0";

// To a client that speaks HTTP in clear on a port for TLS.
std::string_view plain_answer() {
  static const Bytes answer =
      http::small_answer(400, "This port speaks HTTPS: use an address that begins with https://", {}, true,
                         http::Framing::Connection::kClose);
  return as_text(answer);
}

const char* name_of(net::DescriptorBudget::Kind kind) {
  switch (kind) {
    case net::DescriptorBudget::Kind::kClient:
      return "clients";
    case net::DescriptorBudget::Kind::kNewcomer:
      return "connections to the link port";
    case net::DescriptorBudget::Kind::kLink:
      return "links";
    case net::DescriptorBudget::Kind::kOrigin:
      return "origins";
  }
  return "";
}

}  // namespace

template <typename Core>
Drive<Core>::Drive(DriveServices services, TrustPtr trust, bool wan_tls, net::SocketOptions link_options,
                   std::unique_ptr<Core> core)
    : services_(services),
      trust_(std::move(trust)),
      wan_tls_(wan_tls),
      link_options_(std::move(link_options)),
      new_links_(services.link_handshakes, services.counters.handshakes_open),
      new_clients_(services.tls_handshakes, services.counters.client_handshakes_open),
      deadline_(services.loop, [this] { driver_.on_deadline(); }),
      turn_end_(services.loop, [this] { removed_.clear(); }),
      driver_(*this, std::move(core)) {
  settle();
}

template <typename Core>
Drive<Core>::~Drive() = default;

template <typename Core>
std::vector<proxy::LinkStatus> Drive<Core>::links() {
  std::vector<proxy::LinkStatus> all = core().links(now());
  for (proxy::LinkStatus& link : all) {
    const Connection* const connection = find(link.id);
    if (connection != nullptr && connection->stream.tls() != nullptr)
      link.tls_group = connection->stream.tls()->group();
  }
  return all;
}

// After a change of trust: links of a role or an authority that is not accepted any more. Those of a railgun that was
// deleted or disabled are cut by its hosts (cut_links); one whose listener deactivates itself finishes its requests.
template <typename Core>
void Drive<Core>::cut_distrusted() {
  std::vector<std::pair<proxy::ConnectionId, std::string>> cut;
  for (const auto& [id, connection] : by_id_) {
    if (!connection->stream.is_open()) continue;
    std::string reason = tls::reason_against_peer(link_tls(*connection), kPeer, trust_->link.get());
    if (!reason.empty()) cut.emplace_back(id, std::move(reason));
  }
  for (const auto& [id, reason] : cut) {
    Connection* const connection = find(id);
    if (connection == nullptr) continue;
    by_id_.erase(id);
    connection->id.reset();
    driver_.closed(id, {Errc::kDenied, reason});
    connection->stream.abort();
    remove(*connection);
  }
}

template <typename Core>
void Drive<Core>::set_trust(TrustPtr trust) {
  if (trust == trust_) return;
  trust_ = std::move(trust);
  cut_distrusted();
}

template <typename Core>
Result<std::unique_ptr<tls::Engine>> Drive<Core>::engine_for(proxy::ConnectionKind kind, bool is_tls_client) const {
  const bool is_link = kind == proxy::ConnectionKind::kLink;
  if (is_link ? !wan_tls_ : !is_tls_client) return nullptr;
  const tls::ContextPtr& context = is_link ? trust_->link : trust_->visitors;
  if (context == nullptr) return fail(Errc::kDenied, is_link ? kNoCertificate : kNoVisitorCertificate);
  return std::make_unique<tls::Engine>(tls::Engine::server(context));
}

template <typename Core>
void Drive<Core>::accept(proxy::ConnectionKind kind, net::Descriptor socket, const net::SocketAddress& peer,
                         std::optional<AcceptedClient> client) {
  const bool is_link = kind == proxy::ConnectionKind::kLink;
  Result<std::unique_ptr<tls::Engine>> engine = engine_for(kind, client && client->is_tls);
  if (!engine) {
    failed_links_.write(log::kError, "connection from " + to_string(peer) + " refused: " + engine.error().text, now());
    return;
  }
  auto descriptor =
      take_descriptor(is_link ? net::DescriptorBudget::Kind::kNewcomer : net::DescriptorBudget::Kind::kClient);
  if (!descriptor) return;
  auto made = std::make_unique<Connection>(*this, kind);
  Connection& connection = *made;
  connections_.emplace(&connection, std::move(made));
  connection.descriptor = *std::move(descriptor);
  const bool is_proxied = client && client->is_proxied;
  const bool is_ready = *engine == nullptr && !is_proxied;
  if (is_link || !is_ready) {
    connection.is_newcomer = true;
    for (Connection* const oldest : newcomers_of(connection).add(connection, peer.host())) drop_newcomer(*oldest);
  }
  const bool is_tls = *engine != nullptr;
  const Instant deadline = now() + (is_link ? kHandshakeTimeout : kVisitorHandshakeTimeout);
  const bool is_local = client && client->is_local;
  connection.stream.adopt(std::move(socket), is_local ? net::SocketAddress() : peer, *std::move(engine), deadline,
                          is_link ? link_options_ : net::SocketOptions{});
  if (is_local) connection.stream.set_source(peer);
  if (is_proxied) connection.stream.expect_proxy_header(deadline);
  if (!is_link && is_tls) connection.stream.set_plain_answer(plain_answer());
  if (client) {
    connection.place.emplace(std::move(client->place));
    if (reject_over_limit(connection, peer, client->admission)) return;
  }
  if (is_ready) on_open(connection);
}

template <typename Core>
std::optional<net::DescriptorBudget::Lease> Drive<Core>::take_descriptor(net::DescriptorBudget::Kind kind) {
  auto lease = services_.descriptors.take(kind);
  if (!lease) {
    services_.counters.descriptors_refused.add();
    no_descriptor_.write(log::kError,
                         std::string("connection refused: the share of descriptors for ") + name_of(kind) +
                             " is used up; raise LimitNOFILE of the unit, or ulimit -n",
                         now());
  }
  return lease;
}

template <typename Core>
void Drive<Core>::drop_newcomer(Connection& connection) {
  if (connection.kind == proxy::ConnectionKind::kClient) {
    services_.counters.client_handshakes_dropped.add();
    failed_clients_.write(log::kNotice,
                          "a client from " + connection.stream.peer() +
                              " was closed for a newer one: tls.handshakes clients have not completed TLS",
                          now());
  } else {
    services_.counters.handshakes_dropped.add();
    failed_links_.write(log::kError,
                        "a connection from " + connection.stream.peer() +
                            " was closed for a newer one: link.handshakes connections to the link port have not "
                            "completed TLS; let a firewall admit only the other ends of the links to wan.port",
                        now());
  }
  connection.stream.abort();
  connection.descriptor = {};
  if (connection.id) {
    const proxy::ConnectionId id = *std::exchange(connection.id, std::nullopt);
    by_id_.erase(id);
    driver_.closed(id, {Errc::kUnavailable, "closed for a newer connection: link.handshakes"});
  }
  remove(connection);
}

template <typename Core>
bool Drive<Core>::admit(Connection& connection) {
  if (!connection.is_newcomer) return true;
  connection.is_newcomer = false;
  newcomers_of(connection).remove(connection);
  if (connection.kind == proxy::ConnectionKind::kClient) {
    if (connection.stream.tls() == nullptr) return true;
    services_.counters.client_handshakes.add();
    if (connection.stream.tls()->is_resumed()) services_.counters.client_handshakes_resumed.add();
    return true;
  }
  auto descriptor = take_descriptor(net::DescriptorBudget::Kind::kLink);
  if (!descriptor) {
    connection.is_accounted_for = true;
    connection.stream.close({}, now() + kFlushTimeout);
    return false;
  }
  connection.descriptor = *std::move(descriptor);
  return true;
}

template <typename Core>
bool Drive<Core>::reject_over_limit(Connection& connection, const net::SocketAddress& peer,
                                    proxy::Admission admission) {
  if constexpr (std::is_same_v<Core, proxy::Sender>) {
    if (admission == proxy::Admission::kFree) return false;
    makes_room_ = true;
    std::optional<Bytes> answer = core().over_limit(admission, peer.host(), now());
    settle();
    makes_room_ = false;
    if (!answer) return false;
    connection.is_accounted_for = true;
    if (rejected_ >= kMostRejected) {
      connection.stream.abort();
      remove(connection);
      return true;
    }
    connection.is_rejected = true;
    ++rejected_;
    connection.stream.close(std::move(*answer), now() + kFlushTimeout);
    return true;
  }
  return false;
}

template <typename Core>
void Drive<Core>::on_open(Connection& connection) {
  const tls::Engine* const link = link_tls(connection);
  const std::string reason = tls::is_peer_revoked(link, trust_->revoked)
                                 ? "its railgun is deleted, disabled or deactivated"
                                 : tls::reason_against_peer(link, kPeer, trust_->link.get());
  if (!reason.empty()) {
    failed_links_.write(log::kError, "link with " + connection.stream.peer() + " refused: " + reason, now());
    connection.is_accounted_for = true;
    connection.stream.close({}, now() + kFlushTimeout);
    return;
  }
  if (connection.id) {
    const tls::Engine* const own = connection.stream.tls();
    driver_.connected(*connection.id, {.hosts = tls::hosts_of_peer(link),
                                       .is_http2 = own != nullptr && own->protocol() == tls::kHttp2Protocol});
    return;
  }
  const tls::Engine* const tls = connection.stream.tls();
  if ((tls != nullptr || connection.kind == proxy::ConnectionKind::kClient) && !admit(connection)) return;
  connection.is_accounted_for = true;
  const bool is_http2 = tls != nullptr && tls->protocol() == tls::kHttp2Protocol;
  driver_.accepted({.kind = connection.kind,
                    .peer = connection.stream.peer(),
                    .hosts = tls::hosts_of_peer(link),
                    .is_secure = tls != nullptr,
                    .protocol = is_http2 ? proxy::ClientProtocol::kHttp2 : proxy::ClientProtocol::kHttp1},
                   [&](proxy::ConnectionId id) {
                     connection.id = id;
                     by_id_[id] = &connection;
                   });
}

template <typename Core>
void Drive<Core>::on_bytes(Connection& connection, ByteView bytes) {
  if (!connection.id) return;
  if (!admit(connection)) {
    const proxy::ConnectionId id = *std::exchange(connection.id, std::nullopt);
    by_id_.erase(id);
    driver_.closed(id, {Errc::kUnavailable, kNoDescriptor});
    return;
  }
  measure(connection);
  driver_.receive(*connection.id, bytes);
  services_.loop.set_read_most(core().read_most());
}

// Tells the core once a second how fast a link delivers, if the core wants to know.
template <typename Core>
void Drive<Core>::measure(Connection& connection) {
  if constexpr (Driver::kMeasuresLinks) {
    if (connection.kind != proxy::ConnectionKind::kLink || now() - connection.measured < kMeasureEvery) return;
    connection.measured = now();
    const auto rate = connection.stream.delivery_rate();
    if (rate) driver_.measured(*connection.id, {rate->bytes_per_second, rate->is_least});
  }
}

template <typename Core>
void Drive<Core>::on_end(Connection& connection) {
  if (!connection.id) return;
  driver_.receive_end(*connection.id);
}

template <typename Core>
std::size_t Drive<Core>::pull(Connection& connection, Bytes& to, std::size_t most) {
  if (!connection.id) return 0;
  const std::size_t count = driver_.pull(*connection.id, to, most);
  settle();
  return count;
}

template <typename Core>
void Drive<Core>::on_closed(Connection& connection, const Error& error) {
  if (connection.id) {
    const proxy::ConnectionId id = *connection.id;
    by_id_.erase(id);
    driver_.closed(id, error);
  } else if (connection.is_accounted_for) {
  } else if (connection.kind == proxy::ConnectionKind::kClient) {
    note_failed_client(connection.stream.peer(), error);
  } else {
    log_failed_link(connection.stream.peer(), error);
  }
  remove(connection);
}

// A connection to the link port that never became a link. Port scanners and probes leave by themselves; a peer that was
// rejected may be an operator's listener.
template <typename Core>
void Drive<Core>::log_failed_link(const std::string& peer, const Error& error) {
  const bool left = error.code == Errc::kUnavailable || error.code == Errc::kTimeout;
  failed_links_.write(left ? log::kInformation : log::kError,
                      left ? "a connection from " + peer + " ended before it was a link: " + error.text
                           : "link from " + peer + " refused: " + error.text,
                      now());
}

// A client that did not complete TLS: scanners, browsers that do not trust the certificate, old ones. Not worth a line
// each.
template <typename Core>
void Drive<Core>::note_failed_client(const std::string& peer, const Error& error) {
  services_.counters.client_handshakes_failed.add();
  failed_clients_.write(log::kInformation, "connection of client " + peer + " failed: " + error.text, now());
}

template <typename Core>
void Drive<Core>::remove(Connection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  if (connection.is_newcomer) newcomers_of(connection).remove(connection);
  if (connection.is_rejected) --rejected_;
  connection.place.reset();
  // Its own code may still be running.
  removed_.push_back(std::move(found->second));
  connections_.erase(found);
  turn_end_.schedule();
}

template <typename Core>
typename Drive<Core>::Connection* Drive<Core>::find(proxy::ConnectionId id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

template <typename Core>
bool Drive<Core>::is_flushed() const {
  return std::all_of(connections_.begin(), connections_.end(), [](const auto& entry) {
    return entry.first->id || entry.first->kind == proxy::ConnectionKind::kOrigin;
  });
}

template <typename Core>
void Drive<Core>::perform(proxy::WantWrite want) {
  if (Connection* connection = find(want.connection)) connection->stream.want_write();
}

template <typename Core>
void Drive<Core>::perform(proxy::SetReading reading) {
  if (Connection* connection = find(reading.connection)) connection->stream.set_reading(reading.on);
}

template <typename Core>
void Drive<Core>::perform(proxy::EndOutput end) {
  if (Connection* connection = find(end.connection)) connection->stream.end_output();
}

template <typename Core>
void Drive<Core>::perform(proxy::Close close) {
  look_ups_.erase(close.connection);
  Connection* connection = find(close.connection);
  if (connection == nullptr) return;
  by_id_.erase(close.connection);
  connection->id.reset();
  // Its place is for the one who came. It may take seconds to close: until its client does.
  if (makes_room_) connection->place.reset();
  if (close.reset) {
    connection->stream.abort();
    remove(*connection);
  } else {
    connection->stream.close(std::move(close.final_bytes), now() + kFlushTimeout);
  }
}

template <typename Core>
void Drive<Core>::perform(const proxy::ChallengeGet& get) {
  driver_.store_answer(get.ticket, read_challenge(get.folder, get.token));
}

template <typename Core>
void Drive<Core>::perform(proxy::StorePut put) {
  if (services_.store != nullptr) services_.store->put(std::move(put.key), std::move(put.item));
}

template <typename Core>
void Drive<Core>::perform(proxy::Prepare prepare) {
  services_.preparer.add(std::move(prepare.version), prepare.strong);
}

template <typename Core>
void Drive<Core>::perform(proxy::RefreshDictionary refresh) {
  services_.preparer.add(*refresh.shelf, refresh.audience);
}

template <typename Core>
void Drive<Core>::perform(const proxy::LogLine& line) {
  log::write(line.level, line.text);
}

template <typename Core>
void Drive<Core>::perform(const proxy::LogAccess& line) {
  services_.access_log.write(*line.record);
}

template <typename Core>
void Drive<Core>::perform(const proxy::Dial& dial) {
  if (is_unix_socket(dial.endpoint)) return connect_unix(dial);
  look_ups_[dial.connection] =
      services_.resolver.resolve(dial.endpoint.host, dial.endpoint.port, dial.deadline,
                                 [this, dial](Result<std::vector<net::SocketAddress>> addresses) {
                                   // It owns this function: kept until the end.
                                   const auto self = look_ups_.extract(dial.connection);
                                   if (addresses) {
                                     connect(dial, std::move(*addresses));
                                   } else {
                                     driver_.closed(dial.connection, addresses.error());
                                   }
                                 });
}

template <typename Core>
void Drive<Core>::connect(const proxy::Dial& dial, std::vector<net::SocketAddress> addresses) {
  const std::string first = addresses.front().host();
  std::erase_if(addresses,
                [&](const net::SocketAddress& to) { return !proxy::may_connect(dial, to.host(), trust_->hosts); });
  if (addresses.empty()) return driver_.closed(dial.connection, proxy::inner_address_error(dial, first));
  const bool is_link = dial.kind == proxy::ConnectionKind::kLink;
  std::unique_ptr<tls::Engine> engine;
  if (dial.secure) {
    const tls::ContextPtr& context = is_link ? trust_->link : trust_->origin;
    if (context == nullptr) {
      driver_.closed(dial.connection, {Errc::kDenied, is_link ? kNoCertificate : kNoBundle});
      return;
    }
    // Any certificate of the pair's authority will do for a link: addresses change, and the authority is ours alone.
    const std::string name = is_link ? std::string{} : dial.server_name;
    engine = std::make_unique<tls::Engine>(tls::Engine::client(context, name, dial.offers_http2));
  }
  Connection* const connection = add_dialled(dial);
  if (connection == nullptr) return;
  net::SocketOptions options = is_link ? link_options_ : net::SocketOptions{};
  // An origin may send an answer's head and body in two segments, and the second only when we have confirmed the first.
  options.acknowledges_at_once = !is_link;
  connection->stream.connect(std::move(addresses), dial.deadline, std::move(engine), options);
}

template <typename Core>
void Drive<Core>::connect_unix(const proxy::Dial& dial) {
  auto socket = net::connect_unix(dial.endpoint.host);
  if (!socket) return driver_.closed(dial.connection, socket.error());
  Connection* const connection = add_dialled(dial);
  if (connection == nullptr) return;
  connection->stream.adopt(*std::move(socket), {}, nullptr, dial.deadline, {});
  driver_.connected(dial.connection, {});
}

template <typename Core>
typename Drive<Core>::Connection* Drive<Core>::add_dialled(const proxy::Dial& dial) {
  const bool is_link = dial.kind == proxy::ConnectionKind::kLink;
  auto descriptor =
      take_descriptor(is_link ? net::DescriptorBudget::Kind::kLink : net::DescriptorBudget::Kind::kOrigin);
  if (!descriptor) {
    driver_.closed(dial.connection, {Errc::kUnavailable, kNoDescriptor});
    return nullptr;
  }
  auto made = std::make_unique<Connection>(*this, dial.kind);
  Connection& connection = *made;
  connection.id = dial.connection;
  connection.descriptor = *std::move(descriptor);
  connection.is_accounted_for = true;
  connections_.emplace(&connection, std::move(made));
  by_id_[dial.connection] = &connection;
  return &connection;
}

template <typename Core>
void Drive<Core>::perform(proxy::StoreGet get) {
  if (services_.store == nullptr) {
    driver_.store_answer(get.ticket, std::nullopt);
    return;
  }
  services_.store->get(std::move(get.key), [watch = alive_.watch(), &loop = services_.loop,
                                            ticket = get.ticket](std::optional<Bytes> item) {
    loop.post([watch, ticket, item = std::move(item)]() mutable {
      if (Drive* const drive = watch.get()) drive->driver_.store_answer(ticket, std::move(item));
    });
  });
}

template class Drive<proxy::Sender>;
template class Drive<proxy::Listener>;

}  // namespace railgun::app
