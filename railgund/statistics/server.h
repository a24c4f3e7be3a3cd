// stats.listen: the HTTP endpoint of the statistics (doc/OPERATIONS.md, "Statistics"). On the core that speaks to web
// clients (http/server_connection.h), with its strict policy and deadlines.
//
// Bounded in connections, bytes and time; when all places are taken the one that has waited longest for its request
// makes room, so that clients who say nothing keep nobody out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/net/acceptor.h"
#include "railgund/net/alive.h"
#include "railgund/net/event_loop.h"
#include "railgund/statistics/access.h"

namespace railgun::statistics {

class Server {
 public:
  static constexpr std::size_t kConnections = 32;
  // How long the workers may take to say what they know.
  static constexpr Duration kGatherTimeout = std::chrono::seconds(5);

  // Makes the body of an answer; `done` is called on the loop, at once or later, at most once.
  using Done = std::function<void(std::string body)>;
  using Handler = std::function<void(Resource resource, Done done)>;

  // `token` is asked for each request: stats.token. Errors: those of net::listen_tcp().
  static Result<std::unique_ptr<Server>> open(net::EventLoop& loop, const Endpoint& endpoint, Handler handler,
                                              std::function<std::string()> token);
  ~Server();

  // Where it listens.
  net::SocketAddress local() const { return acceptor_->local(); }

 private:
  class Session;

  Server(net::EventLoop& loop, net::Descriptor listening, Handler handler, std::function<std::string()> token);
  void accept(net::Descriptor socket, const net::SocketAddress& peer);
  void make_room();

  net::EventLoop& loop_;
  Handler handler_;
  std::function<std::string()> token_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t next_session_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
  net::Alive<Server> alive_{*this};
};

}  // namespace railgun::statistics
