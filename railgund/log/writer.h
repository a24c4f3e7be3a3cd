// Writes lines on a thread of its own, so that a log that nobody reads holds up nobody who logs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "railgund/base/time.h"
#include "railgund/log/line_queue.h"
#include "railgund/log/sinks.h"

namespace railgun::log {

class Writer {
 public:
  // Lines that wait: some 5,000 of the usual length.
  static constexpr std::size_t kQueueBytes = 1024 * 1024;
  // How soon a place that took nothing is tried again.
  static constexpr Duration kRetryAfter = std::chrono::milliseconds(20);

  explicit Writer(std::unique_ptr<Sink> sink);
  // Lines that still wait are lost: flush() first.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Any thread; never waits. A line for which there is no room is dropped and counted.
  void add(Line line);
  // Lines that are not written yet go to the new one.
  void set_sink(std::unique_ptr<Sink> sink);
  // Waits until all lines so far are written. False if that takes longer than `limit`.
  bool flush(Duration limit);
  std::uint64_t dropped() const;
  bool is_standard_error() const;
  // Lines added and not written. For the crash reporter: reads nothing else, and takes no lock.
  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  void run();
  void count_waiting();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  LineQueue queue_{kQueueBytes};
  std::shared_ptr<Sink> sink_;
  bool stopping_ = false;
  bool is_writing_ = false;  // a line that is in the queue no more
  std::atomic<std::size_t> waiting_ = 0;
  std::thread thread_;
};

}  // namespace railgun::log
