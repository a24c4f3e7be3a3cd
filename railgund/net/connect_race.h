// Connects to one of several addresses (RFC 8305, "Happy Eyeballs", 5): tries them in turn, the next one after a short
// pause or as soon as one fails, and takes the first that connects. What was learned is kept in the loop's history.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <event2/event_struct.h>

#include "railgund/base/result.h"
#include "railgund/net/descriptor.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/socket_address.h"
#include "railgund/net/socket_options.h"

namespace railgun::net {

class ConnectRace {
 public:
  // The pause before the next address is tried while the ones before have not answered.
  static constexpr Duration kPause = std::chrono::milliseconds(250);
  // Further addresses of a name are not tried.
  static constexpr std::size_t kMostAddresses = 16;

  struct Winner {
    Descriptor socket;  // connected, non-blocking
    SocketAddress peer;
  };
  // Errors: kUnavailable or kTimeout, of the last address that failed; kUnsupported, as apply_options().
  using Answer = std::function<void(Result<Winner>)>;

  // `addresses`: at least one. `answer` is called once, from the loop and never from inside this call; it may destroy
  // the race. Has no deadline of its own: who destroys it earlier calls give_up() before.
  ConnectRace(EventLoop& loop, const std::vector<SocketAddress>& addresses, SocketOptions options, Answer answer);
  ~ConnectRace();
  ConnectRace(const ConnectRace&) = delete;
  ConnectRace& operator=(const ConnectRace&) = delete;

  // There was no answer in time: the addresses tried so far have failed.
  void give_up();

 private:
  struct Attempt;

  void try_next();
  void on_ready(Attempt& attempt);
  void lose(const SocketAddress& peer, Error error);
  void finish(Result<Winner> result);

  EventLoop& loop_;
  const std::vector<SocketAddress> addresses_;
  const SocketOptions options_;
  Answer answer_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Attempt>> attempts_;  // under way
  Error error_;                                     // of the last that failed
  Timer pause_;
  Deferred go_on_;
};

}  // namespace railgun::net
