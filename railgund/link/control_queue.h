// Frames that are sent before any data, in the order in which they were created: heads (whose compression depends on
// the order), windows, pings, resets, ends without data. The owner limits its size: see link::Limits and
// kMaxWaitingHeadBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "railgund/base/byte_queue.h"
#include "railgund/link/frame_codec.h"

namespace railgun::link {

class ControlQueue {
 public:
  // Identifies a frame while it is queued.
  using Ticket = std::uint64_t;

  Ticket push(FrameType type, std::uint8_t flags, std::uint32_t stream, ByteView payload) {
    frames_.push_back(
        {.type = static_cast<std::uint8_t>(type), .flags = flags, .stream = stream, .payload_bytes = payload.size()});
    payloads_.append(payload);
    return gone_ + frames_.size() - 1;
  }
  // False if the frame has already been sent.
  bool add_flags(Ticket ticket, std::uint8_t flags) {
    if (ticket < gone_) return false;
    frames_[ticket - gone_].flags |= flags;
    return true;
  }

  bool empty() const { return frames_.empty(); }
  std::size_t bytes() const { return payloads_.size(); }
  // The view is valid until the queue changes.
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
  Ticket gone_ = 0;  // number of frames removed so far
};

}  // namespace railgun::link
