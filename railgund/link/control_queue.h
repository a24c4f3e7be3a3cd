// Frames that wait to be sent ahead of all data, in the order they were made: heads (whose compression depends on their
// order), windows, pings, resets, ends without data. Its owner bounds it: see Mux::Limits and kMaxWaitingHeadBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "railgund/base/byte_queue.h"
#include "railgund/link/frame_codec.h"

namespace railgun::link {

class ControlQueue {
 public:
  // Names a frame while it waits.
  using Ticket = std::uint64_t;

  Ticket push(FrameType type, std::uint8_t flags, std::uint32_t stream, ByteView payload) {
    frames_.push_back(
        {.type = static_cast<std::uint8_t>(type), .flags = flags, .stream = stream, .payload_bytes = payload.size()});
    payloads_.append(payload);
    return gone_ + frames_.size() - 1;
  }
  // False if the frame waits no more.
  bool add_flags(Ticket ticket, std::uint8_t flags) {
    if (ticket < gone_) return false;
    frames_[ticket - gone_].flags |= flags;
    return true;
  }

  bool empty() const { return frames_.empty(); }
  std::size_t bytes() const { return payloads_.size(); }
  // Views live until the queue changes.
  Frame front() const {
    return {.header = frames_.front(), .payload = payloads_.view().first(frames_.front().payload_bytes)};
  }
  void pop() {
    payloads_.consume(frames_.front().payload_bytes);
    frames_.pop_front();
    ++gone_;
  }
  void clear() {
    gone_ += frames_.size();
    frames_.clear();
    payloads_.clear();
  }

 private:
  std::deque<FrameHeader> frames_;
  ByteQueue payloads_;
  Ticket gone_ = 0;  // frames that have left
};

}  // namespace railgun::link
