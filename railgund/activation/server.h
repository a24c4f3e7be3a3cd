// Serves activation.listen: a listener sends one line under TLS and gets one line of answer. Anyone may connect, so
// attempts, connections, bytes and time are bounded. Clients over the rate limit are rejected before the TLS handshake,
// the expensive part. Runs on the main loop, not on the workers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "railgund/activation/attempt_limit.h"
#include "railgund/log/log.h"
#include "railgund/net/acceptor.h"
#include "railgund/tls/context.h"

namespace railgun::activation {

class Server {
 public:
  // `peer`: the address it came from. Gives the answer's line, without its end.
  using Handler = std::function<std::string(std::string_view line, const std::string& peer)>;

  // At most; then the oldest is closed, so that idle connections keep nobody out.
  static constexpr std::size_t kConnections = 256;
  // An attempt costs a third of a millisecond of CPU time, so that all together use a fifteenth of a core at most.
  static constexpr Rate kFromOneAddress{.burst = 20, .interval = std::chrono::seconds(1)};
  static constexpr Rate kInAll{.burst = 200, .interval = std::chrono::milliseconds(5)};
  static constexpr Duration kTimeout = std::chrono::seconds(10);

  // Errors: those of net::listen_tcp().
  static Result<std::unique_ptr<Server>> open(net::EventLoop& loop, const Endpoint& endpoint, tls::ContextPtr context,
                                              Handler handler);
  ~Server();
  std::uint16_t port() const { return acceptor_->local().port(); }

 private:
  class Session;

  Server(net::EventLoop& loop, net::Descriptor listening, tls::ContextPtr context, Handler handler);
  void accept(net::Descriptor socket, const net::SocketAddress& peer);
  void drop_oldest();

  net::EventLoop& loop_;
  tls::ContextPtr context_;
  Handler handler_;
  AttemptLimit limit_;
  log::RateLimit rejected_{{.burst = 1, .interval = std::chrono::seconds(60)}};
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;  // by number, the oldest first
  std::uint64_t next_session_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace railgun::activation
