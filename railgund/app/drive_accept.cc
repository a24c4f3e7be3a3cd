// Connections that come in: their descriptors, their TLS, and which of them there is no room for.
#include <string>
#include <utility>

#include "railgund/app/drive.h"
#include "railgund/http/answer.h"
#include "railgund/log/log.h"

namespace railgun::app {
namespace {

// From the TCP connection to the end of the TLS handshake, for links that came in: two round trips, and what a busy
// machine takes for them.
constexpr Duration kHandshakeTimeout = std::chrono::seconds(5);
// The same for visitors, whose lines may be bad ones.
constexpr Duration kVisitorHandshakeTimeout = std::chrono::seconds(10);

// Rejected clients that are told so at the same time; others are closed without a word, as each takes a descriptor.
constexpr std::size_t kMostRejected = 256;

constexpr const char* kNoVisitorCertificate =
    "there is no certificate for visitors: put one into the folder of tls.directory, then reload";

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

template void Drive<proxy::Sender>::accept(proxy::ConnectionKind, net::Descriptor, const net::SocketAddress&,
                                           std::optional<AcceptedClient>);
template void Drive<proxy::Listener>::accept(proxy::ConnectionKind, net::Descriptor, const net::SocketAddress&,
                                             std::optional<AcceptedClient>);
template bool Drive<proxy::Sender>::admit(Connection&);
template bool Drive<proxy::Listener>::admit(Connection&);
template std::optional<net::DescriptorBudget::Lease> Drive<proxy::Sender>::take_descriptor(net::DescriptorBudget::Kind);
template std::optional<net::DescriptorBudget::Lease> Drive<proxy::Listener>::take_descriptor(
    net::DescriptorBudget::Kind);

}  // namespace railgun::app
