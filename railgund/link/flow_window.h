// Credit for data (doc/PROTOCOL.md, "Flow control"): both ends of one window, of a stream or of the link.
#pragma once

#include <algorithm>
#include <cstdint>

namespace railgun::link {

// The end that sends: how much the peer lets us.
class SendWindow {
 public:
  explicit SendWindow(std::uint64_t window_bytes) : credit_(window_bytes), window_(window_bytes) {}

  std::uint64_t credit() const { return credit_; }
  void spend(std::uint64_t bytes) { credit_ -= std::min(bytes, credit_); }
  // False if the grant is nothing, or more than was spent: a window never grows past its greeting.
  bool grant(std::uint64_t bytes) {
    if (bytes == 0 || bytes > window_ - credit_) return false;
    credit_ += bytes;
    return true;
  }

 private:
  std::uint64_t credit_;
  std::uint64_t window_;
};

// The end that receives: what the peer may still send, what the layer above still holds.
class ReceiveWindow {
 public:
  explicit ReceiveWindow(std::uint64_t window_bytes) : window_(window_bytes), credit_(window_bytes) {}

  // False if the peer sends more than it may.
  bool receive(std::uint64_t bytes) {
    if (bytes > credit_) return false;
    credit_ -= bytes;
    held_ += bytes;
    return true;
  }
  // The layer above is done with `bytes` of them; says how many were held indeed.
  std::uint64_t consume(std::uint64_t bytes) {
    const std::uint64_t counted = std::min(bytes, held_);
    held_ -= counted;
    return counted;
  }
  std::uint64_t held() const { return held_; }
  // What to give the peer now: nothing until half of the window is free again, then all of it in one grant.
  std::uint64_t take_grant() {
    const std::uint64_t due = window_ - credit_ - held_;
    if (due == 0 || due < window_ / 2) return 0;
    credit_ += due;
    return due;
  }

 private:
  std::uint64_t window_;
  std::uint64_t credit_;    // the peer's, as it knows it
  std::uint64_t held_ = 0;  // received, not consumed
};

}  // namespace railgun::link
