#include "railgund/app/activation_server.h"

#include "railgund/control/activation_message.h"

namespace railgun::app {
namespace {

constexpr Duration kFlush = std::chrono::seconds(2);

}  // namespace

struct ActivationServer::Session {
  Session(net::EventLoop& loop, ConnectionOwner& owner)
      : connection(loop, owner, proxy::Kind::kLink),
        patience(loop, [this, &loop] { connection.close({}, loop.now() + kFlush); }) {}
  Connection connection;
  net::Timer patience;
  std::string received;  // at most a line and what one read brings
};

ActivationServer::ActivationServer(net::EventLoop& loop, net::Descriptor listening, tls::ContextPtr context,
                                   Handler handler)
    : loop_(loop), context_(std::move(context)), handler_(std::move(handler)) {
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
  if (sessions_.size() >= kConnections) return;
  ConnectionOwner& owner = *this;
  auto made = std::make_unique<Session>(loop_, owner);
  Session& session = *made;
  sessions_.emplace(&session.connection, std::move(made));
  session.patience.set(loop_.now() + kPatience);
  session.connection.adopt(std::move(socket), peer, std::make_unique<tls::Engine>(tls::Engine::server(context_)),
                           loop_.now() + kPatience, {});
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
