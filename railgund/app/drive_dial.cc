// Connections that the core wants: to origins and of links.
#include <string>
#include <utility>

#include "railgund/app/drive.h"
#include "railgund/net/unix_connect.h"
#include "railgund/proxy/address_rule.h"

namespace railgun::app {
namespace {

constexpr const char* kNoBundle = "no bundle of certificate authorities was found: set ca.bundle, or validate.cert = 0";

}  // namespace

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

template void Drive<proxy::Sender>::perform(const proxy::Dial&);
template void Drive<proxy::Listener>::perform(const proxy::Dial&);

}  // namespace railgun::app
