// A listening socket that hands over what connects to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/net/descriptor.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

struct ListenOptions {
  int backlog = 1024;
  bool share_port = false;  // SO_REUSEPORT: several processes or workers listen on one port
  bool ipv6_only = false;   // "[::]" leaves IPv4 to another socket
};

// Whether `endpoint`, one of `all` that are listened on, is "[::]" and another one takes IPv4 on the same port
// ("0.0.0.0" or an address): a socket on "[::]" takes IPv4, too, and the two would be in each other's way.
bool leaves_ipv4(const Endpoint& endpoint, const std::vector<Endpoint>& all);

// A bound, listening, non-blocking socket. `endpoint.host`: an address, "localhost", or empty or "*" for all addresses.
// Those two and "::" take IPv6 and IPv4, where the system has both. Port 0: the kernel chooses.
// Errors: kInvalid (not an address), kUnavailable (port in use, no such address here), kDenied (port below 1024),
// kUnsupported (share_port on a kernel without it).
Result<Descriptor> listen_tcp(const Endpoint& endpoint, const ListenOptions& options = {});

// The same on a Unix socket with the file mode `mode`. A socket file nobody answers on is replaced; one that is
// answered, or a file that is no socket, is not: kUnavailable.
Result<Descriptor> listen_unix(const std::string& path, unsigned mode, int backlog = 64);

class Acceptor {
 public:
  // `peer` is not set for Unix sockets.
  using OnAccept = std::function<void(Descriptor socket, const SocketAddress& peer)>;
  // Accepting has paused for kPause because the process or the system is out of descriptors or memory.
  using OnTrouble = std::function<void(const Error& error)>;
  static constexpr Duration kPause = std::chrono::milliseconds(100);

  // `listening`: from the functions above, or inherited (net/notify.h). Neither function may destroy the acceptor.
  Acceptor(EventLoop& loop, Descriptor listening, OnAccept on_accept, OnTrouble on_trouble = {});
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Keeps one descriptor in reserve, for a connection that comes when the process has none left. To be called again when
  // a connection has been closed: the reserve may have been used. Starts out without one.
  void keep_reserve();
  // Stops and goes on accepting; the kernel queues meanwhile. Starts out accepting.
  void set_accepting(bool on);
  // Where it listens, with the port the kernel chose. Not set for Unix sockets.
  SocketAddress local() const;
  int descriptor() const { return listening_.get(); }

 private:
  void on_ready();

  EventLoop& loop_;
  Descriptor listening_;
  OnAccept on_accept_;
  OnTrouble on_trouble_;
  Descriptor reserve_;
  bool is_accepting_ = true;
  event event_;
  Timer pause_;
};

}  // namespace railgun::net
