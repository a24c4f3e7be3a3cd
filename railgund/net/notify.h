// Talking to systemd without its library: readiness, the watchdog, and sockets it has opened for us. Without systemd
// all of it does nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/net/descriptor.h"

namespace railgun::net {

class Notifier {
 public:
  // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID (sd_notify(3), sd_watchdog_enabled(3)).
  Notifier();

  void ready() const { send("READY=1"); }
  void reloading(Instant now) const;  // ready() when it is done
  void stopping() const { send("STOPPING=1"); }
  void status(std::string_view text) const;
  // Another process, made by us, is the service from now on: upgrade in place. The watchdog's time begins anew.
  void main_process(int process) const;
  void watchdog() const { send("WATCHDOG=1"); }
  // Half of what systemd asks for: how often to call watchdog(), and only while all workers turn.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view message) const;

  std::string path_;  // empty: nobody to tell
  std::optional<Duration> watchdog_interval_;
};

struct InheritedSocket {
  Descriptor socket;
  std::string name;  // FileDescriptorName= of the socket unit, "unknown" if there is none
};
// The listening sockets of LISTEN_FDS (sd_listen_fds(3)), once: the variables are unset, so that children do not take
// them for theirs. What is no listening stream socket is closed.
std::vector<InheritedSocket> take_inherited_sockets();

}  // namespace railgun::net
