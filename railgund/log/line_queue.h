// Lines that wait to be written, bounded in bytes. When the log is not read fast enough, further lines are dropped and
// counted, and a line that says how many stands where they would have been.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "railgund/base/log_level.h"

namespace railgun::log {

struct Line {
  LogLevel level = LogLevel::kError;
  std::string text;
  std::chrono::system_clock::time_point time{};
};

class LineQueue {
 public:
  explicit LineQueue(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // False if there was no room: the line is dropped.
  bool push(Line line) {
    if (bytes_ + size_of(line) > limit_bytes_) {
      ++dropped_;
      ++untold_;
      time_ = line.time;
      return false;
    }
    tell_dropped();
    add(std::move(line));
    return true;
  }
  std::optional<Line> pop() {
    if (lines_.empty()) tell_dropped();
    if (lines_.empty()) return std::nullopt;
    Line line = std::move(lines_.front());
    lines_.pop_front();
    bytes_ -= size_of(line);
    return line;
  }
  bool empty() const { return lines_.empty() && untold_ == 0; }
  std::size_t size() const { return lines_.size(); }
  std::size_t bytes() const { return bytes_; }
  // In all.
  std::uint64_t dropped() const { return dropped_; }

 private:
  static std::size_t size_of(const Line& line) { return sizeof(Line) + line.text.size(); }
  void add(Line line) {
    bytes_ += size_of(line);
    lines_.push_back(std::move(line));
  }
  void tell_dropped() {
    if (untold_ == 0) return;
    const std::string count = std::to_string(std::exchange(untold_, 0));
    add({LogLevel::kError, "log: " + count + " lines were dropped because the log was not written fast enough", time_});
  }

  std::size_t limit_bytes_;  // but for the line that tells of the dropped ones
  std::deque<Line> lines_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t untold_ = 0;                      // of them, those that no line has told of
  std::chrono::system_clock::time_point time_{};  // of the last dropped line
};

}  // namespace railgun::log
