#include "railgund/net/socket_options.h"

#include <algorithm>
#include <system_error>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "railgund/base/field.h"
#include "railgund/base/text.h"

namespace railgun::net {
namespace {

// TCP_NOTSENT_LOWAT of linux/tcp.h (3.12), which the headers of the oldest build machines lack.
constexpr int kTcpUnsentLowWater = 25;

void set_integer(int socket, int level, int option, int value) {
  // Each of these makes a connection better, none makes it possible.
  if (setsockopt(socket, level, option, &value, sizeof value) != 0) return;
}

}  // namespace

Result<void> apply_options(int socket, const SocketOptions& options) {
  set_integer(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keepalive_idle > Duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.keepalive_idle).count();
    set_integer(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_integer(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(std::min<std::int64_t>(seconds, 32767)));
    set_integer(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_integer(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  }
#ifdef TCP_USER_TIMEOUT
  if (options.user_timeout > Duration::zero()) {
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(options.user_timeout).count();
    set_integer(socket, IPPROTO_TCP, TCP_USER_TIMEOUT,
                static_cast<int>(std::min<std::int64_t>(milliseconds, INT32_MAX)));
  }
#endif
  if (options.unsent_bytes > 0)
    set_integer(socket, IPPROTO_TCP, kTcpUnsentLowWater,
                static_cast<int>(std::min<std::size_t>(options.unsent_bytes, INT32_MAX)));
  if (!options.congestion.empty() && setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, options.congestion.data(),
                                                static_cast<socklen_t>(options.congestion.size())) != 0) {
    return fail(Errc::kUnsupported, "TCP congestion control '" + options.congestion +
                                        "' is not to be had (see net.ipv4.tcp_allowed_congestion_control)");
  }
  return {};
}

void acknowledge(int socket) { set_integer(socket, IPPROTO_TCP, TCP_QUICKACK, 1); }

std::string error_text(int error_number) {
  return error_number == 0 ? "closed" : lower_ascii(std::generic_category().message(error_number));
}

}  // namespace railgun::net
