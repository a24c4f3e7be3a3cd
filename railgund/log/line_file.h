// A file of lines, such as the access log: written by a thread of its own, so that a slow disk holds up nobody who adds a
// line. Lines are written a tenth of a second late, many at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "railgund/base/descriptor.h"
#include "railgund/base/result.h"

namespace railgun::log {

class LineFile {
 public:
  // Lines that wait: some 20,000 of the usual length. Further ones are dropped and counted.
  static constexpr std::size_t kWaitingBytes = 4 << 20;

  // Starts without a file: lines are dropped, and not counted.
  LineFile() = default;
  // Writes what waits.
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  // Opens a file for what is added from now on, and closes the one before: also the same path again, once the file was
  // renamed (logrotate). Made with mode 0640 if it is not there. Empty: no file. Errors: kDenied, kNotFound, kUnavailable,
  // with the path; the file before stays open.
  Result<void> open(const std::string& path);
  // Any thread; never waits for the disk. `line`: without a line end.
  void add(std::string_view line);
  // Lines lost because they came faster than they were written, or because they could not be written.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;
  std::size_t waiting_lines_ = 0;
  Descriptor file_;
  bool is_open_ = false;
  bool stopping_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
  std::thread thread_;  // started by the first open()
};

}  // namespace railgun::log
