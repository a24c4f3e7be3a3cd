#include "railgund/net/unix_connect.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>
#include <sys/un.h>

#include "railgund/net/socket_options.h"

namespace railgun::net {

Result<Descriptor> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Errc::kInvalid, path + ": no path of a socket");
  std::copy(path.begin(), path.end(), address.sun_path);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail(Errc::kUnavailable, path + ": " + error_text(errno));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const std::string why = errno == EAGAIN ? "too many connections wait there" : error_text(errno);
    return fail(Errc::kUnavailable, path + ": " + why);
  }
  return socket;
}

}  // namespace railgun::net
