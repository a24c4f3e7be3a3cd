#include "railgund/log/sinks.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <netdb.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "railgund/base/endpoint.h"
#include "railgund/log/line.h"

namespace railgun::log {
namespace {

LogLevel level_of(spdlog::level::level_enum level) {
  return level >= spdlog::level::err    ? kError
         : level >= spdlog::level::warn ? kNotice
         : level >= spdlog::level::info ? kInformation
                                        : kDebug;
}

// One write per line, so that lines of several threads do not mix and no line is lost in a buffer at a crash.
class StandardError final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StandardError(bool with_priority) : with_priority_(with_priority) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line;
    if (with_priority_) {
      line = "<" + std::to_string(severity_of(level_of(message.level))) + ">" +
             std::string(message.payload.data(), message.payload.size());
    } else {
      const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
      line = dated_line(level_of(message.level), {message.payload.data(), message.payload.size()}, time);
    }
    line += '\n';
    // An error of standard error cannot be reported anywhere.
    if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;
  }
  void flush_() override {}

  bool with_priority_;
};

// The system's syslog through the C library, which reconnects after syslog restarts.
class SystemLog final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  SystemLog() { ::openlog("railgund", LOG_PID | LOG_NDELAY, LOG_DAEMON); }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string text(message.payload.data(), message.payload.size());
    ::syslog(severity_of(level_of(message.level)), "%s", text.c_str());
  }
  void flush_() override {}
};

// Datagrams to a syslog server. They may be lost, because nothing waits for the log.
class Datagrams final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  Datagrams(int socket, sockaddr_storage address, socklen_t length)
      : socket_(socket), address_(address), length_(length) {}
  ~Datagrams() override { ::close(socket_); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(message.time.time_since_epoch()).count();
    const std::string text =
        syslog_datagram(level_of(message.level), {message.payload.data(), message.payload.size()}, seconds, ::getpid());
    // Sent to the address each time, because a restarted syslog server has a new socket.
    if (::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&address_), length_) < 0) {
      return;
    }
  }
  void flush_() override {}

  int socket_;
  sockaddr_storage address_;
  socklen_t length_;
};

using SinkResult = Result<std::shared_ptr<spdlog::sinks::sink>>;

SinkResult make_datagrams(int family, const sockaddr* address, socklen_t length) {
  const int socket = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail(Errc::kUnavailable, std::string("syslog.addr: ") + std::strerror(errno));
  sockaddr_storage storage{};
  std::memcpy(&storage, address, length);
  return std::make_shared<Datagrams>(socket, storage, length);
}

SinkResult make_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail(Errc::kInvalid, "syslog.addr: the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return make_datagrams(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

SinkResult make_udp(const std::string& text) {
  const Result<Endpoint> endpoint = parse_endpoint(text, 514);
  if (!endpoint) return fail(Errc::kInvalid, "syslog.addr: " + endpoint.error().text);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int problem = getaddrinfo(endpoint->host.c_str(), std::to_string(endpoint->port).c_str(), &hints, &found);
  if (problem != 0) return fail(Errc::kNotFound, "syslog.addr: " + endpoint->host + ": " + gai_strerror(problem));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  return make_datagrams(found->ai_family, found->ai_addr, found->ai_addrlen);
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
      return std::make_shared<StandardError>(is_journal());
    case Target::Kind::kSystem:
      return std::make_shared<SystemLog>();
    case Target::Kind::kSyslogUdp:
      return make_udp(target.address);
    case Target::Kind::kSyslogSocket:
      return make_unix(target.address);
  }
  return fail(Errc::kInvalid, "log: unknown target");
}

}  // namespace railgun::log
