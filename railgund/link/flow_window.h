// Credit for data (doc/PROTOCOL.md, "Flow control"): both ends of one window, of a stream or of the link, and how the
// streams of a link share its window.
#pragma once

#include <algorithm>
#include <cstdint>

namespace railgun::link {

// The sending end: how much we may send.
class SendWindow {
 public:
  explicit SendWindow(std::uint64_t window_bytes) : credit_(window_bytes), window_(window_bytes) {}

  std::uint64_t credit() const { return credit_; }
  // Sent, and the peer has not returned the credit for it.
  std::uint64_t outstanding() const { return window_ - credit_; }
  void spend(std::uint64_t bytes) { credit_ -= std::min(bytes, credit_); }
  // False if the grant is zero or more than was spent: a window never grows beyond the size in the greeting.
  bool grant(std::uint64_t bytes) {
    if (bytes == 0 || bytes > window_ - credit_) return false;
    credit_ += bytes;
    return true;
  }

 private:
  std::uint64_t credit_;
  std::uint64_t window_;
};

// How much of the link's window, or of its queue, each of its streams may take. A stream whose reader stands still keeps
// what it took, so each stream gets only a part of what is left: the more the stalled streams hold, the less a further
// stream can take. A part is set aside. Half of the whole is enough for every stream's least share; of a window, more is
// set aside, because what stalled streams hold fills the peer's memory.
// Both ends compute the same least share, from the greetings.
class WindowShare {
 public:
  WindowShare(std::uint64_t stream_bytes, std::uint64_t link_bytes, std::uint64_t streams,
              std::uint64_t set_aside_bytes)
      : most_(stream_bytes),
        least_(std::max<std::uint64_t>(
            std::min(stream_bytes / 16, link_bytes / 2 / std::max<std::uint64_t>(streams, 1)), 1)),
        reserved_(set_aside_bytes + link_grant(link_bytes)) {}
  static WindowShare of_window(std::uint64_t stream_bytes, std::uint64_t link_bytes, std::uint64_t streams) {
    return {stream_bytes, link_bytes, streams, link_bytes / 4 * 3};
  }
  static WindowShare of_queue(std::uint64_t stream_bytes, std::uint64_t link_bytes, std::uint64_t streams) {
    return {stream_bytes, link_bytes, streams, link_bytes / 2};
  }

  // What a stream may have outstanding, when the link has `link_credit` left.
  std::uint64_t of_stream(std::uint64_t link_credit) const {
    const std::uint64_t left = link_credit - std::min(reserved_, link_credit);
    return std::clamp(left / 16, least_, most_);
  }
  // The smallest grant of a stream: half of the least share, so that a stream that is held to its least share never
  // waits for credit that the receiver keeps back.
  std::uint64_t stream_grant() const { return std::max<std::uint64_t>(least_ / 2, 1); }
  // The smallest grant of the link.
  static std::uint64_t link_grant(std::uint64_t link_window_bytes) {
    return std::max<std::uint64_t>(link_window_bytes / 16, 1);
  }

 private:
  std::uint64_t most_;
  std::uint64_t least_;
  std::uint64_t reserved_;  // for the least shares, and for what the receiver has not returned yet
};

// The end that receives: what the peer may still send, what the layer above still holds.
class ReceiveWindow {
 public:
  explicit ReceiveWindow(std::uint64_t window_bytes) : window_(window_bytes), credit_(window_bytes) {}

  // False if the peer sends more than its credit.
  bool receive(std::uint64_t bytes) {
    if (bytes > credit_) return false;
    credit_ -= bytes;
    held_ += bytes;
    return true;
  }
  // The layer above has consumed `bytes`. Returns how many of them were held.
  std::uint64_t consume(std::uint64_t bytes) {
    const std::uint64_t counted = std::min(bytes, held_);
    held_ -= counted;
    return counted;
  }
  std::uint64_t held() const { return held_; }
  // What to give the peer now: all that is free, once that is `least` bytes; until then nothing.
  std::uint64_t take_grant(std::uint64_t least) {
    const std::uint64_t free = window_ - credit_ - held_;
    if (free == 0 || free < least) return 0;
    credit_ += free;
    return free;
  }

 private:
  std::uint64_t window_;
  std::uint64_t credit_;    // the peer's credit
  std::uint64_t held_ = 0;  // received, not consumed
};

}  // namespace railgun::link
