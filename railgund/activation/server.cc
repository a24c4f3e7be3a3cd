#include "railgund/activation/server.h"

#include <random>

#include <netinet/in.h>

#include "railgund/control/activation_message.h"
#include "railgund/net/secure_stream.h"

namespace railgun::activation {
namespace {

constexpr Duration kFlushTimeout = std::chrono::seconds(2);

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

// One client: a line in, a line out.
class Server::Session final : private net::StreamHandler {
 public:
  Session(Server& server, std::uint64_t number, net::Descriptor socket, const net::SocketAddress& peer)
      : server_(server), number_(number), stream_(server.loop_, *this), timeout_(server.loop_, [this] { close({}); }) {
    timeout_.set(server.loop_.now() + kTimeout);
    stream_.adopt(std::move(socket), peer, std::make_unique<tls::Engine>(tls::Engine::server(server.context_)),
                  server.loop_.now() + kTimeout, {});
  }
  void abort() { stream_.abort(); }

 private:
  void on_connected() override {}
  void on_bytes(ByteView bytes) override {
    received_ += as_text(bytes);
    const std::size_t end = received_.find('\n');
    if (end == std::string::npos) {
      if (received_.size() > control::kMaxActivationBytes) close({});
      return;
    }
    const std::string answer = server_.handler_(std::string_view(received_).substr(0, end), stream_.peer()) + '\n';
    close(to_bytes(as_bytes(answer)));
  }
  void on_end() override { close({}); }
  std::size_t pull(Bytes&, std::size_t) override { return 0; }
  void on_closed(std::optional<Error>) override { server_.sessions_.erase(number_); }

  void close(Bytes final_bytes) { stream_.close(std::move(final_bytes), server_.loop_.now() + kFlushTimeout); }

  Server& server_;
  std::uint64_t number_;
  net::SecureStream stream_;
  net::Timer timeout_;
  std::string received_;  // at most a line and what one read brings
};

Server::Server(net::EventLoop& loop, net::Descriptor listening, tls::ContextPtr context, Handler handler)
    : loop_(loop),
      context_(std::move(context)),
      handler_(std::move(handler)),
      limit_(kFromOneAddress, kInAll, random_seed()) {
  acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(listening),
      [this](net::Descriptor socket, const net::SocketAddress& peer) { accept(std::move(socket), peer); });
}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(net::EventLoop& loop, const Endpoint& endpoint, tls::ContextPtr context,
                                             Handler handler) {
  auto listening = net::listen_tcp(endpoint);
  if (!listening) return std::unexpected(listening.error());
  return std::unique_ptr<Server>(new Server(loop, std::move(*listening), std::move(context), std::move(handler)));
}

void Server::accept(net::Descriptor socket, const net::SocketAddress& peer) {
  if (!limit_.admit(part_of_one_party(peer), loop_.now())) {
    rejected_.write(log::kNotice, "activation.listen: rejected " + peer.host() + ": over the rate limit", loop_.now());
    return;
  }
  if (sessions_.size() >= kConnections) drop_oldest();
  const std::uint64_t number = next_session_++;
  sessions_.emplace(number, std::make_unique<Session>(*this, number, std::move(socket), peer));
}

void Server::drop_oldest() {
  const auto oldest = sessions_.begin();
  oldest->second->abort();
  sessions_.erase(oldest);
}

}  // namespace railgun::activation
