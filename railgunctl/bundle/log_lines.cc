#include "railgunctl/bundle/log_lines.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "railgund/base/time.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr off_t kMostRead = 64 << 20;

// The last `most` bytes, from the start of a line.
std::string tail(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  text.erase(0, text.size() - most);
  text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

// Keeps the lines that name railgun, as they come in pieces.
class Sieve {
 public:
  explicit Sieve(std::size_t most) : most_(most) {}
  void take(std::string_view piece) {
    partial_ += piece;
    std::size_t start = 0;
    for (std::size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) keep(start, end);
    partial_.erase(0, start);
    if (partial_.size() > kMaxLine) partial_.clear();
  }
  std::string finish() {
    keep(0, partial_.size());
    return tail(std::move(kept_), most_);
  }

 private:
  static constexpr std::size_t kMaxLine = 1 << 20;
  void keep(std::size_t start, std::size_t end) {
    const std::string_view line = std::string_view(partial_).substr(start, end - start);
    if (line.find("railgun") == std::string_view::npos && line.find("rg-listener") == std::string_view::npos) return;
    kept_ += line;
    kept_ += '\n';
    if (kept_.size() > 2 * most_) kept_ = tail(std::move(kept_), most_);
  }

  std::size_t most_;
  std::string partial_, kept_;
};

}  // namespace

Result<std::string> log_lines_of_file(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat about{};
  if (fd < 0 || ::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    const int error = fd < 0 ? errno : EINVAL;
    if (fd >= 0) ::close(fd);
    return fail(error == ENOENT   ? Errc::kNotFound
                : error == EACCES ? Errc::kDenied
                                  : Errc::kUnavailable,
                path + ": " + std::strerror(error));
  }
  Sieve sieve(most);
  char buffer[256 * 1024];
  off_t at = std::max<off_t>(0, about.st_size - kMostRead);
  for (ssize_t count; (count = ::pread(fd, buffer, sizeof buffer, at)) > 0; at += count) {
    sieve.take({buffer, static_cast<std::size_t>(count)});
  }
  ::close(fd);
  return sieve.finish();
}

Result<std::string> log_lines_of_journal(std::size_t most) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return fail(Errc::kUnavailable, std::string("journal: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const char* const arguments[] = {"journalctl",           "--quiet",        "--no-pager",
                                   "--output=short-iso",   "--lines=100000", "--identifier=railgund",
                                   "--identifier=railgun", nullptr};
  pid_t child = -1;
  const int error = posix_spawnp(&child, arguments[0], &actions, nullptr, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (error != 0) {
    ::close(pipe[0]);
    return fail(Errc::kUnavailable, std::string("journalctl: ") + std::strerror(error));
  }
  Sieve sieve(most);
  const Instant deadline = net::steady_now() + std::chrono::seconds(3);
  char buffer[256 * 1024];
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - net::steady_now());
    pollfd readable{.fd = pipe[0], .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0) break;
    const ssize_t count = ::read(pipe[0], buffer, sizeof buffer);
    if (count <= 0) break;
    sieve.take({buffer, static_cast<std::size_t>(count)});
  }
  ::close(pipe[0]);
  ::kill(child, SIGKILL);  // it has ended, or it took too long
  ::waitpid(child, nullptr, 0);
  std::string lines = sieve.finish();
  if (lines.empty()) return fail(Errc::kUnavailable, "journal: no lines from railgun");
  return lines;
}

}  // namespace railgun::ctl
