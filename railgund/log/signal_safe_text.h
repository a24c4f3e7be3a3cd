// Writes text from a signal handler: a small buffer and system calls, no heap, no locks (signal-safety(7)).
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <poll.h>
#include <unistd.h>

namespace railgun::log {

// Writes when the buffer is full, by flush(), and at its end. A descriptor that takes nothing for kTimeoutMilliseconds, in
// all, gets no more.
class SignalSafeText {
 public:
  static constexpr int kTimeoutMilliseconds = 1000;

  explicit SignalSafeText(int descriptor) : descriptor_(descriptor) {}
  ~SignalSafeText() { flush(); }
  SignalSafeText(const SignalSafeText&) = delete;
  SignalSafeText& operator=(const SignalSafeText&) = delete;

  SignalSafeText& text(std::string_view view) {
    for (const char c : view) {
      if (size_ == sizeof buffer_) flush();
      buffer_[size_++] = c;
    }
    return *this;
  }
  SignalSafeText& hex(std::uint64_t number) {
    text("0x");
    return digits(number, 16, 1);
  }
  SignalSafeText& decimal(std::uint64_t number, int least = 1) { return digits(number, 10, least); }
  void flush() {
    std::size_t done = 0;
    while (done < size_) {
      // The buffer is smaller than PIPE_BUF: what is polled for is room for all of it (pipe(7)).
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      if (timeout_ == 0 || ::poll(&ready, 1, timeout_) == 0) {
        timeout_ = 0;
        break;
      }
      const ssize_t count = ::write(descriptor_, buffer_ + done, size_ - done);
      if (count < 0 && errno != EINTR) break;
      if (count > 0) done += static_cast<std::size_t>(count);
    }
    size_ = 0;
  }

 private:
  SignalSafeText& digits(std::uint64_t number, unsigned base, int least) {
    char reversed[20];
    int count = 0;
    for (; number > 0 || count < least; number /= base) reversed[count++] = "0123456789abcdef"[number % base];
    while (count > 0) text({&reversed[--count], 1});
    return *this;
  }

  int descriptor_;
  int timeout_ = kTimeoutMilliseconds;
  char buffer_[512];
  std::size_t size_ = 0;
};

}  // namespace railgun::log
