#include "railgund/app/inheritance.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "railgund/net/notify.h"
#include "railgund/net/socket_address.h"

namespace railgun::app {
namespace {

// The number of sockets that a predecessor hands over, from descriptor 3 on.
constexpr const char* kVariable = "RAILGUN_INHERITED_SOCKETS";
constexpr int kFirstDescriptor = 3;
// The descriptor of the pipe that take_snapshot_pipe() gives.
constexpr const char* kSnapshotVariable = "RAILGUN_SNAPSHOT_PIPE";
// Who handed them over.
constexpr const char* kPredecessorVariable = "RAILGUN_PREDECESSOR";

// Of a Unix socket; empty if it has no name in the file system.
std::string_view path_of(const sockaddr_storage& storage, socklen_t length) {
  const auto* const address = reinterpret_cast<const sockaddr_un*>(&storage);
  if (length <= offsetof(sockaddr_un, sun_path)) return {};
  const std::size_t most = length - offsetof(sockaddr_un, sun_path);
  return {address->sun_path, strnlen(address->sun_path, most)};
}

}  // namespace

Inheritance Inheritance::take() {
  Inheritance inheritance;
  if (const char* text = std::getenv(kVariable)) {
    int count = 0;
    std::from_chars(text, text + std::strlen(text), count);
    for (int i = 0; i < std::min(count, 64); ++i) {
      fcntl(kFirstDescriptor + i, F_SETFD, FD_CLOEXEC);
      inheritance.sockets_.emplace_back(kFirstDescriptor + i);
    }
    unsetenv(kVariable);
  }
  for (net::InheritedSocket& from_systemd : net::take_inherited_sockets()) {
    inheritance.sockets_.push_back(std::move(from_systemd.socket));
  }
  return inheritance;
}

net::Descriptor Inheritance::take_listening(const Endpoint& endpoint) {
  for (net::Descriptor& socket : sockets_) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (!socket || getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &length) != 0) continue;
    if (storage.ss_family == AF_UNIX) {
      if (endpoint.host != path_of(storage, length)) continue;
      return std::move(socket);
    }
    const auto address = net::SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage), length);
    if (!address || address->port() != endpoint.port) continue;
    const auto wanted = net::SocketAddress::parse(endpoint.host, endpoint.port);
    if (wanted && wanted->host() != address->host()) continue;
    return std::move(socket);
  }
  return {};
}

net::Descriptor take_snapshot_pipe() {
  const char* const text = std::getenv(kSnapshotVariable);
  if (text == nullptr) return {};
  int number = -1;
  std::from_chars(text, text + std::strlen(text), number);
  unsetenv(kSnapshotVariable);
  if (number < kFirstDescriptor || fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return {};
  return net::Descriptor(number);
}

Result<int> start_successor(const std::vector<int>& listening, int snapshot_pipe,
                            const std::vector<std::string>& arguments) {
  // All memory is had before fork(): a process with threads may do little between fork() and exec().
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    // It names this process; the successor has the watchdog to feed all the same.
    const std::string_view text = *entry;
    if (text.starts_with("WATCHDOG_PID=")) continue;
    // This process may be a successor itself.
    if (text.starts_with(std::string(kPredecessorVariable) + "=")) continue;
    if (text.starts_with(std::string(kSnapshotVariable) + "=")) continue;
    environment.emplace_back(text);
  }
  environment.push_back(std::string(kVariable) + "=" + std::to_string(listening.size()));
  environment.push_back(std::string(kPredecessorVariable) + "=" + std::to_string(getpid()));
  // The sockets first, and the pipe behind them.
  std::vector<int> descriptors = listening;
  descriptors.push_back(snapshot_pipe);
  const int pipe_place = kFirstDescriptor + static_cast<int>(listening.size());
  environment.push_back(std::string(kSnapshotVariable) + "=" + std::to_string(pipe_place));
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
  };
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  // Above the places where they are wanted, so that none is overwritten before it was copied.
  std::vector<int> lifted;
  for (const int descriptor : descriptors) {
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, pipe_place + 1);
    if (copy < 0) return fail(Errc::kUnavailable, std::strerror(errno));
    lifted.push_back(copy);
  }
  // Twice, so that the successor is a child of the first process: systemd waits for the end of its own children alone,
  // and would kill another's on stop instead of letting it drain.
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return fail(Errc::kUnavailable, std::strerror(errno));
  const pid_t between = fork();
  if (between == 0) {
    const pid_t successor = fork();
    if (successor == 0) {
      for (std::size_t i = 0; i < lifted.size(); ++i) dup2(lifted[i], kFirstDescriptor + static_cast<int>(i));
      execve(argv[0], argv.data(), envp.data());
      _exit(127);
    }
    _exit(write(report[1], &successor, sizeof successor) == sizeof successor ? 0 : 1);
  }
  const int failure = errno;
  for (const int copy : lifted) close(copy);
  close(report[1]);
  pid_t child = -1;
  if (between > 0) {
    if (read(report[0], &child, sizeof child) != sizeof child) child = -1;
    waitpid(between, nullptr, 0);
  }
  close(report[0]);
  if (child < 0) return fail(Errc::kUnavailable, between < 0 ? std::strerror(failure) : "cannot fork");
  return child;
}

bool is_running(int process) {
  if (kill(process, 0) != 0) return false;
  // "PID (name) STATE …"; the name may hold anything, brackets, too.
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return true;
  const std::size_t name_end = line.rfind(") ");
  return name_end == std::string::npos || !line.substr(name_end).starts_with(") Z");
}

bool is_successor() { return std::getenv(kPredecessorVariable) != nullptr; }

void dismiss_predecessor() {
  const char* text = std::getenv(kPredecessorVariable);
  if (text == nullptr) return;
  int process = 0;
  std::from_chars(text, text + std::strlen(text), process);
  unsetenv(kPredecessorVariable);
  // Only if it is of our session: the number may belong to somebody else by now.
  if (process > 1 && getsid(process) == getsid(0)) kill(process, SIGTERM);
}

}  // namespace railgun::app
