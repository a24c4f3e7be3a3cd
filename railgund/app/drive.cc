// Connections that are there, and what the core asks of them. How they come in is in drive_accept.cc, how they are made
// in drive_dial.cc.
#include "railgund/app/drive.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "railgund/app/challenge_file.h"
#include "railgund/log/log.h"
#include "railgund/tls/link_peer.h"
#include "railgund/tls/visitor_context.h"

namespace railgun::app {
namespace {

constexpr Duration kMeasureEvery = std::chrono::seconds(1);

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
