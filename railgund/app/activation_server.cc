#include "railgund/app/activation_server.h"

#include <algorithm>
#include <random>

#include <netinet/in.h>

#include "railgund/control/activation_message.h"

namespace railgun::app {
namespace {

constexpr Duration kFlush = std::chrono::seconds(2);

std::uint64_t random_seed() {
  std::random_device random;
  return static_cast<std::uint64_t>(random()) << 32 | random();
}

// What one party has: an IPv4 address, or the first half of an IPv6 one.
Bytes part_of_one_party(const net::SocketAddress& peer) {
  if (peer.family() == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(peer.get());
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&v4->sin_addr);
    return {bytes, bytes + sizeof v4->sin_addr};
  }
  if (peer.family() != AF_INET6) return {};
  const std::uint8_t* const bytes = reinterpret_cast<const sockaddr_in6*>(peer.get())->sin6_addr.s6_addr;
  const bool is_v4 = IN6_IS_ADDR_V4MAPPED(&reinterpret_cast<const sockaddr_in6*>(peer.get())->sin6_addr);
  return is_v4 ? Bytes(bytes + 12, bytes + 16) : Bytes(bytes, bytes + 8);
}

}  // namespace

struct ActivationServer::Session {
  Session(net::EventLoop& loop, ConnectionOwner& owner)
      : connection(loop, owner, proxy::Kind::kLink),
        patience(loop, [this, &loop] { connection.close({}, loop.now() + kFlush); }) {}
  Connection connection;
  net::Timer patience;
  std::uint64_t number = 0;  // in the order they came
  std::string received;      // at most a line and what one read brings
};

ActivationServer::ActivationServer(net::EventLoop& loop, net::Descriptor listening, tls::ContextPtr context,
                                   Handler handler)
    : loop_(loop),
      context_(std::move(context)),
      handler_(std::move(handler)),
      limit_(kFromOneAddress, kInAll, random_seed()) {
  acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(listening),
      [this](net::Descriptor socket, const net::SocketAddress& peer) { accept(std::move(socket), peer); });
}

ActivationServer::~ActivationServer() = default;

Result<std::unique_ptr<ActivationServer>> ActivationServer::open(net::EventLoop& loop, const Endpoint& endpoint,
                                                                 tls::ContextPtr context, Handler handler) {
  auto listening = net::listen_tcp(endpoint);
  if (!listening) return std::unexpected(listening.error());
  return std::unique_ptr<ActivationServer>(
      new ActivationServer(loop, std::move(*listening), std::move(context), std::move(handler)));
}

void ActivationServer::accept(net::Descriptor socket, const net::SocketAddress& peer) {
  if (!limit_.admit(part_of_one_party(peer), loop_.now())) {
    too_often_.write(log::kError, "activation.listen: turned " + peer.host() + " away: too many attempts", loop_.now());
    return;
  }
  if (sessions_.size() >= kConnections) drop_oldest();
  ConnectionOwner& owner = *this;
  auto made = std::make_unique<Session>(loop_, owner);
  Session& session = *made;
  session.number = ++accepted_;
  sessions_.emplace(&session.connection, std::move(made));
  session.patience.set(loop_.now() + kPatience);
  session.connection.adopt(std::move(socket), peer, std::make_unique<tls::Engine>(tls::Engine::server(context_)),
                           loop_.now() + kPatience, {});
}

void ActivationServer::drop_oldest() {
  const auto oldest = std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
    return a.second->number < b.second->number;
  });
  oldest->second->connection.abort();
  sessions_.erase(oldest);
}

void ActivationServer::on_bytes(Connection& connection, ByteView bytes) {
  std::string& received = sessions_.at(&connection)->received;
  received += as_text(bytes);
  const std::size_t end = received.find('\n');
  if (end == std::string::npos) {
    if (received.size() > control::kMaxActivationBytes) connection.close({}, loop_.now() + kFlush);
    return;
  }
  const std::string answer = handler_(std::string_view(received).substr(0, end), connection.peer()) + '\n';
  connection.close(to_bytes(as_bytes(answer)), loop_.now() + kFlush);
}

void ActivationServer::on_end(Connection& connection) { connection.close({}, loop_.now() + kFlush); }

void ActivationServer::on_closed(Connection& connection, const Error&) { sessions_.erase(&connection); }

}  // namespace railgun::app
