#include "railgund/tunnel/frame_masks.h"

#include <algorithm>

#include "railgund/base/bytes.h"
#include "railgund/base/text.h"

namespace railgun::tunnel {
namespace {

constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;
constexpr std::uint8_t kLengthIn16Bits = 126;
constexpr std::uint8_t kLengthIn64Bits = 127;
constexpr std::size_t kKeyBytes = 4;

std::size_t length_bytes(std::uint8_t second) {
  const std::uint8_t length = second & kLengthBits;
  if (length == kLengthIn16Bits) return 2;
  return length == kLengthIn64Bits ? 8 : 0;
}

}  // namespace

bool is_websocket(std::string_view protocol) { return same_name(protocol, "websocket"); }

std::size_t FrameMasks::head_bytes_needed() const {
  if (head_bytes_ < 2) return 2;
  return 2 + length_bytes(head_[1]) + ((head_[1] & kMaskBit) != 0 ? kKeyBytes : 0);
}

void FrameMasks::read_head() {
  ByteReader in(ByteView(head_).subspan(2));
  switch (head_[1] & kLengthBits) {
    case kLengthIn16Bits:
      payload_left_ = in.u16();
      break;
    case kLengthIn64Bits:
      payload_left_ = in.u64();
      break;
    default:
      payload_left_ = head_[1] & kLengthBits;
  }
  is_masked_ = (head_[1] & kMaskBit) != 0;
  if (is_masked_) std::ranges::copy(in.bytes(kKeyBytes), key_.begin());
  head_bytes_ = 0;
}

void FrameMasks::apply(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    if (payload_left_ == 0) {
      head_[head_bytes_++] = bytes.front();
      bytes = bytes.subspan(1);
      if (head_bytes_ == head_bytes_needed()) read_head();
      continue;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, bytes.size()));
    if (is_masked_) {
      for (std::size_t i = 0; i < count; ++i) bytes[i] ^= key_[i % kKeyBytes];
      std::ranges::rotate(key_, key_.begin() + static_cast<std::ptrdiff_t>(count % kKeyBytes));
    }
    payload_left_ -= count;
    bytes = bytes.subspan(count);
  }
}

}  // namespace railgun::tunnel
