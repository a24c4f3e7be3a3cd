// The control socket (doc/CONTROL.md): takes lines from railgunctl, checks who sent them, hands requests to a function
// and sends what it answers. Hostile clients cost a bounded amount: connections, bytes a line, time, one request each;
// and silent ones keep nobody out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "railgund/base/result.h"
#include "railgund/control/message.h"
#include "railgund/net/acceptor.h"
#include "railgund/net/alive.h"
#include "railgund/net/event_loop.h"

namespace railgun::app {

class ControlServer {
 public:
  // Called on the loop, at once or later, at most once: the JSON of the result.
  using Reply = std::function<void(Result<std::string>)>;
  // Requests that the sender may make: rights have been checked.
  using Handler = std::function<void(const control::Request& request, Reply reply)>;

  // At most. For one more, the oldest that waits for no answer is closed; a new one is closed if all wait.
  static constexpr std::size_t kConnections = 32;
  static constexpr Duration kRequestTimeout = std::chrono::seconds(5);  // from the connection, or the answer before
  static constexpr Duration kAnswerTimeout = std::chrono::seconds(30);  // for the client to take an answer

  // `group`: owns the socket, so that its members may read; empty or unknown: the daemon's own.
  // Errors: those of net::listen_unix().
  static Result<std::unique_ptr<ControlServer>> open(net::EventLoop& loop, const std::string& path,
                                                     const std::string& group, Handler handler);
  ~ControlServer();

 private:
  class Session;

  ControlServer(net::EventLoop& loop, std::string path, net::Descriptor listening, Handler handler);
  void accept(net::Descriptor socket);
  bool make_room();

  net::EventLoop& loop_;
  std::string path_;
  Handler handler_;
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;  // the oldest first
  std::uint64_t next_session_ = 0;
  std::unique_ptr<net::Acceptor> acceptor_;
  net::Alive<ControlServer> alive_{*this};
};

}  // namespace railgun::app
