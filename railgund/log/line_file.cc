#include "railgund/log/line_file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace railgun::log {
namespace {

// How long lines are gathered: one write and one switch of threads for all of them.
constexpr auto kGather = std::chrono::milliseconds(100);
constexpr std::size_t kWriteAtOnceBytes = 256 * 1024;

// Whether all was written.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

LineFile::~LineFile() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<void> LineFile::open(const std::string& path) {
  Descriptor file;
  if (!path.empty()) {
    file = Descriptor(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
    if (!file) {
      const int reason = errno;
      const Errc code = reason == ENOENT                      ? Errc::kNotFound
                        : reason == EACCES || reason == EPERM ? Errc::kDenied
                                                              : Errc::kUnavailable;
      return fail(code, path + ": cannot be written: " + std::strerror(reason));
    }
  }
  const bool is_file = static_cast<bool>(file);
  // What waits was for the file before.
  Descriptor before;
  std::string text;
  std::size_t lines = 0;
  {
    const std::lock_guard lock(mutex_);
    before = std::exchange(file_, std::move(file));
    text = std::exchange(waiting_, {});
    lines = std::exchange(waiting_lines_, 0);
    is_open_ = is_file;
  }
  if (before && !write_all(before.get(), text)) dropped_.fetch_add(lines, std::memory_order_relaxed);
  if (is_file && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  return {};
}

void LineFile::add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  if (!is_open_) return;
  if (waiting_.size() + line.size() + 1 > kWaitingBytes) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_.append(line).append(1, '\n');
  ++waiting_lines_;
  const std::size_t before = waiting_.size() - line.size() - 1;
  if (before == 0 || (before < kWriteAtOnceBytes && waiting_.size() >= kWriteAtOnceBytes)) changed_.notify_all();
}

void LineFile::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    changed_.wait_for(lock, kGather, [this] { return stopping_ || waiting_.size() >= kWriteAtOnceBytes; });
    if (waiting_.empty() && stopping_) return;
    if (waiting_.empty()) continue;
    const std::string text = std::exchange(waiting_, {});
    const std::size_t lines = std::exchange(waiting_lines_, 0);
    // Its own copy: open() may close the file meanwhile.
    const Descriptor file(is_open_ ? ::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0) : -1);
    lock.unlock();
    if (!file || !write_all(file.get(), text)) dropped_.fetch_add(lines, std::memory_order_relaxed);
    lock.lock();
  }
}

}  // namespace railgun::log
