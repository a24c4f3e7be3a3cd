// Takes what listeners send to activation.listen: one line under TLS, one line of answer. Anyone may connect, so all is
// bounded: connections, bytes, time. Runs on the main loop, away from requests.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "railgund/app/connection.h"
#include "railgund/net/acceptor.h"

namespace railgun::app {

class ActivationServer final : private ConnectionOwner {
 public:
  // `peer`: the address it came from. Gives the answer's line, without its end.
  using Handler = std::function<std::string(std::string_view line, const std::string& peer)>;

  static constexpr std::size_t kConnections = 64;
  static constexpr Duration kPatience = std::chrono::seconds(10);

  // Errors: those of net::listen_tcp().
  static Result<std::unique_ptr<ActivationServer>> open(net::EventLoop& loop, const Endpoint& endpoint,
                                                        tls::ContextPtr context, Handler handler);
  ~ActivationServer() override;
  std::uint16_t port() const { return acceptor_->local().port(); }

 private:
  struct Session;

  ActivationServer(net::EventLoop& loop, net::Descriptor listening, tls::ContextPtr context, Handler handler);
  void accept(net::Descriptor socket, const net::SocketAddress& peer);
  void on_open(Connection&) override {}
  void on_bytes(Connection& connection, ByteView bytes) override;
  void on_end(Connection& connection) override;
  std::size_t pull(Connection&, Bytes&, std::size_t) override { return 0; }
  void on_closed(Connection& connection, const Error& error) override;

  net::EventLoop& loop_;
  tls::ContextPtr context_;
  Handler handler_;
  std::unordered_map<Connection*, std::unique_ptr<Session>> sessions_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace railgun::app
