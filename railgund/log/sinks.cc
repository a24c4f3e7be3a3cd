#include "railgund/log/sinks.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgund/base/endpoint.h"
#include "railgund/log/line.h"

namespace railgun::log {
namespace {

constexpr const char* kSystemSocket = "/dev/log";

long long milliseconds_of(const Line& line) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch()).count();
}

class StandardError final : public Sink {
 public:
  explicit StandardError(bool with_priority) : with_priority_(with_priority) {}

  bool write(const Line& line) override {
    if (rest_.empty()) {
      rest_ = with_priority_ ? "<" + std::to_string(severity_of(line.level)) + ">" + line.text
                             : dated_line(line.level, line.text, milliseconds_of(line));
      rest_ += '\n';
    }
    while (!rest_.empty()) {
      // The descriptor is shared with other processes, so it stays blocking. What is polled for is room for PIPE_BUF
      // bytes (pipe(7)): a write of no more does not wait, and does not mix with those of others.
      pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, 0) == 0) return false;
      const ssize_t count = ::write(STDERR_FILENO, rest_.data(), std::min<std::size_t>(rest_.size(), PIPE_BUF));
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
      rest_.erase(0, count < 0 ? rest_.size() : static_cast<std::size_t>(count));  // an error: nowhere to tell it
    }
    return true;
  }
  bool is_standard_error() const override { return true; }

 private:
  const bool with_priority_;
  std::string rest_;  // of a line that is written in part
};

// Datagrams to a syslog server. What the server does not get, because it is gone, goes to standard error if `spare` is
// there, and is lost if not.
class Datagrams final : public Sink {
 public:
  Datagrams(int socket, sockaddr_storage address, socklen_t length, std::string name, std::unique_ptr<Sink> spare)
      : socket_(socket), address_(address), length_(length), name_(std::move(name)), spare_(std::move(spare)) {
    // Nothing is sent to find out: whether the socket is there is what an operator without a syslog needs to know.
    const auto* const path = reinterpret_cast<const sockaddr_un*>(&address_);
    if (spare_ && ::access(path->sun_path, F_OK) != 0) uses_spare_ = true;
  }
  ~Datagrams() override { ::close(socket_); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  bool write(const Line& line) override {
    const std::string text = syslog_datagram(line.level, line.text, milliseconds_of(line) / 1000, ::getpid());
    // Addressed each time: a syslog server that was restarted has a new socket.
    const auto* const to = reinterpret_cast<const sockaddr*>(&address_);
    if (::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, to, length_) >= 0) {
      uses_spare_ = false;
      has_said_so_ = false;
      return true;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return false;
    return spare_ == nullptr || write_to_spare(line, errno);
  }
  bool is_standard_error() const override { return uses_spare_; }

 private:
  bool write_to_spare(const Line& line, int why) {
    uses_spare_ = true;
    if (!has_said_so_) {
      const std::string text = "no syslog at " + name_ + " (" + std::strerror(why) + "): logging to standard error";
      if (!spare_->write({LogLevel::kNotice, text, line.time})) return false;
      has_said_so_ = true;
    }
    return spare_->write(line);
  }

  const int socket_;
  const sockaddr_storage address_;
  const socklen_t length_;
  const std::string name_;
  const std::unique_ptr<Sink> spare_;
  bool has_said_so_ = false;
  std::atomic<bool> uses_spare_ = false;
};

using SinkResult = Result<std::unique_ptr<Sink>>;

SinkResult make_datagrams(int family, const sockaddr* address, socklen_t length, std::string name,
                          std::unique_ptr<Sink> spare) {
  const int socket = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail(Errc::kUnavailable, std::string("syslog.addr: ") + std::strerror(errno));
  sockaddr_storage storage{};
  std::memcpy(&storage, address, length);
  return std::make_unique<Datagrams>(socket, storage, length, std::move(name), std::move(spare));
}

SinkResult make_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Errc::kInvalid, "syslog.addr: the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return make_datagrams(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, path,
                        std::make_unique<StandardError>(is_journal()));
}

// Datagrams to the first address of the host. `flags`: of getaddrinfo(). Errors: kNotFound, kUnavailable.
SinkResult make_udp_to(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_flags = flags;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (problem != 0) return fail(Errc::kNotFound, "syslog.addr: " + endpoint.host + ": " + gai_strerror(problem));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  return make_datagrams(found->ai_family, found->ai_addr, found->ai_addrlen, to_string(endpoint), nullptr);
}

// Datagrams to a host that is known by name. The name is looked up with the first line, because a name server may take
// its time, and only the writer's thread may wait for it. Until it is found, lines go to standard error.
class NamedHost final : public Sink {
 public:
  explicit NamedHost(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  bool write(const Line& line) override {
    if (found_ == nullptr && std::chrono::steady_clock::now() >= look_up_at_) look_up(line);
    return found_ != nullptr ? found_->write(line) : spare_.write(line);
  }
  bool is_standard_error() const override { return uses_spare_; }

 private:
  static constexpr std::chrono::seconds kLookUpEvery{10};

  void look_up(const Line& line) {
    SinkResult made = make_udp_to(endpoint_, 0);
    uses_spare_ = !made;
    if (made) {
      found_ = std::move(*made);
      return;
    }
    look_up_at_ = std::chrono::steady_clock::now() + kLookUpEvery;
    if (std::exchange(has_said_so_, true)) return;
    // If standard error takes nothing now, this line is left out; the next ones say enough.
    (void)spare_.write(
        {LogLevel::kError, made.error().text + "; logging to standard error until it is found", line.time});
  }

  const Endpoint endpoint_;
  std::unique_ptr<Sink> found_;
  StandardError spare_{is_journal()};
  std::chrono::steady_clock::time_point look_up_at_{};
  bool has_said_so_ = false;
  std::atomic<bool> uses_spare_ = false;
};

SinkResult make_udp(const std::string& text) {
  const Result<Endpoint> endpoint = parse_endpoint(text, 514);
  if (!endpoint) return fail(Errc::kInvalid, "syslog.addr: " + endpoint.error().text);
  SinkResult by_address = make_udp_to(*endpoint, AI_NUMERICHOST);
  if (by_address || by_address.error().code != Errc::kNotFound) return by_address;
  return std::make_unique<NamedHost>(*endpoint);
}

}  // namespace

bool is_journal() {
  // Compares "device:inode" of the journal's stream, because processes inherit the variable even if their standard
  // error is redirected.
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

SinkResult make_sink(const Target& target) {
  switch (target.kind) {
    case Target::Kind::kStandardError:
      return std::make_unique<StandardError>(is_journal());
    case Target::Kind::kSystem:
      return make_unix(kSystemSocket);
    case Target::Kind::kSyslogUdp:
      return make_udp(target.address);
    case Target::Kind::kSyslogSocket:
      return make_unix(target.address);
  }
  return fail(Errc::kInvalid, "log: unknown target");
}

}  // namespace railgun::log
