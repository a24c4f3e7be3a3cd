// The masks of WebSocket frames (RFC 6455 5.2, 5.3). A client masks each frame's payload with a new random key, which hides
// what repeats. A core without limits of its own: it holds the head of one frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace railgun::tunnel {

// Whether the protocol of an upgrade has such frames.
bool is_websocket(std::string_view protocol);

// Removes the masks of one direction's frames at one end of a link, and puts them back at the other. Only payloads change:
// the head of a frame and its key stay, so both ends read the same frames, and what one does the other undoes exactly. That
// is so for any bytes: what is no frame is read as one at both ends alike.
class FrameMasks {
 public:
  // The next bytes of the direction, split anywhere.
  void apply(std::span<std::uint8_t> bytes);

 private:
  static constexpr std::size_t kMostHeadBytes = 14;

  std::size_t head_bytes_needed() const;
  void read_head();

  std::array<std::uint8_t, kMostHeadBytes> head_{};  // as far as it has come
  std::size_t head_bytes_ = 0;
  std::uint64_t payload_left_ = 0;
  bool is_masked_ = false;
  std::array<std::uint8_t, 4> key_{};  // its first byte is for the next byte of the payload
};

}  // namespace railgun::tunnel
