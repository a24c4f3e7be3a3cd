#include "railgund/net/notify.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace railgun::net {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr int kMostDescriptors = 1024;

std::optional<std::int64_t> number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  if (error != std::errc{} || *end != '\0' || end == text) return std::nullopt;
  return number;
}

bool is_listening(int socket) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value == 1;
}

}  // namespace

Notifier::Notifier() {
  if (const char* const path = std::getenv("NOTIFY_SOCKET")) path_ = path;
  if (path_.size() >= sizeof(sockaddr_un::sun_path) || (!path_.starts_with('/') && !path_.starts_with('@')))
    path_.clear();
  const auto microseconds = number_in("WATCHDOG_USEC");
  const auto process = number_in("WATCHDOG_PID");
  if (!path_.empty() && microseconds && *microseconds > 0 && (!process || *process == ::getpid())) {
    watchdog_interval_ = std::chrono::microseconds(*microseconds) / 2;
  }
}

void Notifier::send(std::string_view message) const {
  if (path_.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // A manager that does not listen is its own affair.
  if (socket && ::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                         reinterpret_cast<const sockaddr*>(&address), length) < 0) {
    return;
  }
}

void Notifier::reloading(Instant now) const {
  // Our clock is CLOCK_MONOTONIC, as Type=notify-reload asks.
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Notifier::status(std::string_view text) const {
  // A line break would end the text and begin another message.
  send("STATUS=" + std::string(text.substr(0, text.find('\n'))));
}

// systemd has taken no WATCHDOG=1 of the other process yet, and its next one may be half an interval away.
void Notifier::main_process(int process) const { send("MAINPID=" + std::to_string(process) + "\nWATCHDOG=1"); }

std::vector<InheritedSocket> take_inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  const auto process = number_in("LISTEN_PID");
  const auto count = number_in("LISTEN_FDS");
  const char* const names_text = std::getenv("LISTEN_FDNAMES");
  std::string names = names_text == nullptr ? "" : names_text;
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  if (!process || *process != ::getpid() || !count || *count < 1 || *count > kMostDescriptors) return sockets;
  for (int number = kFirstDescriptor; number < kFirstDescriptor + *count; ++number) {
    const std::size_t colon = names.find(':');
    const std::string name = names.substr(0, colon);
    names = colon == std::string::npos ? "" : names.substr(colon + 1);
    Descriptor socket(number);
    if (!is_listening(number)) continue;
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) continue;
    sockets.push_back({std::move(socket), name.empty() ? "unknown" : name});
  }
  return sockets;
}

}  // namespace railgun::net
