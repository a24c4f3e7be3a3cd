// stats.listen: GET / gives the original's JSON, GET /metrics the same for Prometheus. One request a connection,
// bounded in number, bytes and time. From elsewhere than this machine a token is needed (stats.token).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "railgund/app/statistics.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/net/acceptor.h"
#include "railgund/net/event_loop.h"

namespace railgun::app {

// The whole answer to a request's head. `token`: what must be named; empty: none is needed.
std::string answer_statistics(std::string_view head, const std::string& token, const Totals& totals);

class StatisticsServer {
 public:
  static constexpr std::size_t kConnections = 32;
  static constexpr std::size_t kHeadBytes = 8 * 1024;
  static constexpr Duration kPatience = std::chrono::seconds(10);

  // `totals` and `token` are asked for each request. Errors: those of net::listen_tcp().
  static Result<std::unique_ptr<StatisticsServer>> open(net::EventLoop& loop, const Endpoint& endpoint,
                                                        std::function<Totals()> totals,
                                                        std::function<std::string()> token);
  ~StatisticsServer();

 private:
  class Session;

  StatisticsServer(net::EventLoop& loop, net::Descriptor listening, std::function<Totals()> totals,
                   std::function<std::string()> token);
  void accept(net::Descriptor socket, const net::SocketAddress& peer);

  net::EventLoop& loop_;
  std::function<Totals()> totals_;
  std::function<std::string()> token_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t next_session_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
};

}  // namespace railgun::app
