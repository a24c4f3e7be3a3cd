#include "railgunctl/client.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgunctl/settings_file.h"
#include "railgund/config/settings_table.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Failure> unreachable(const std::string& socket, const std::string& why) {
  return std::unexpected(Failure{ExitCode::kUnreachable,
                                 {Errc::kUnavailable, "no daemon answers at " + socket + ": " + why +
                                                          "; is railgund running? (systemctl status railgund)"}});
}

std::unexpected<Failure> denied(const std::string& socket) {
  return std::unexpected(Failure{ExitCode::kDenied,
                                 {Errc::kDenied, "permission denied: " + socket +
                                                     ": run this as root, or join the group railgun for read access"}});
}

bool wait_until(int fd, short events, Instant deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - net::steady_now());
    if (left.count() <= 0) return false;
    pollfd poll{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::expected<std::string, Failure> exchange_lines(int fd, const std::string& socket, std::string line,
                                                   Instant deadline) {
  line += '\n';
  std::size_t sent = 0;
  while (sent < line.size()) {
    if (!wait_until(fd, POLLOUT, deadline)) return unreachable(socket, "it takes no request");
    const ssize_t count = ::send(fd, line.data() + sent, line.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return unreachable(socket, std::strerror(errno));
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  std::string answer;
  char buffer[16 * 1024];
  while (true) {
    if (!wait_until(fd, POLLIN, deadline)) return unreachable(socket, "no answer in time");
    const ssize_t count = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return unreachable(socket, std::strerror(errno));
    if (count == 0) return unreachable(socket, "it closed the connection");
    answer.append(buffer, static_cast<std::size_t>(count));
    if (const std::size_t end = answer.find('\n'); end != std::string::npos) return answer.substr(0, end);
    if (answer.size() > control::kMaxAnswerBytes) return unreachable(socket, "its answer is too long");
  }
}

}  // namespace

std::string socket_path(const Context& context) {
  if (!context.socket.empty()) return context.socket;
  const auto file = read_settings(context.config);
  const std::string* configured = file ? find_setting(*file, "control.socket") : nullptr;
  return configured != nullptr ? *configured : config::shipped_value("control.socket");
}

std::expected<std::string, Failure> ask(const std::string& socket, const control::Request& request, Duration patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.size() >= sizeof address.sun_path) return unreachable(socket, "the path is too long for a socket");
  std::memcpy(address.sun_path, socket.data(), socket.size());

  const Instant deadline = net::steady_now() + patience;
  const Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return unreachable(socket, std::strerror(errno));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EACCES || errno == EPERM) return denied(socket);
    return unreachable(socket, errno == ENOENT ? "there is no such socket" : std::strerror(errno));
  }
  const auto line = exchange_lines(fd.get(), socket, control::format_request(request), deadline);
  if (!line) return std::unexpected(line.error());
  auto result = control::parse_answer(*line);
  if (result) return *std::move(result);
  const ExitCode code = result.error().code == Errc::kDenied ? ExitCode::kDenied : ExitCode::kFailed;
  return std::unexpected(Failure{code, std::move(result.error())});
}

}  // namespace railgun::ctl
