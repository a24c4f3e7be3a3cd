#include "railgund/delta/format.h"

#include "railgund/base/hash.h"

namespace railgun::delta {
namespace {

constexpr unsigned kVersionShift = 5;
constexpr unsigned kTierShift = 2;
constexpr unsigned kTierMask = 7;
constexpr unsigned kContinues = 2;
constexpr unsigned kLast = 1;
constexpr std::size_t kMaxVarintBytes = 10;
constexpr std::size_t kCheckBytes = 4;
// The first byte of a compact delta: a set bit, the tier, six bits of the check.
constexpr unsigned kCompact = 0x80;
constexpr unsigned kCompactStrong = 0x40;

std::uint8_t head_byte(const WindowHead& head) {
  return static_cast<std::uint8_t>(kFormatVersion << kVersionShift | static_cast<unsigned>(head.tier) << kTierShift |
                                   (head.continues ? kContinues : 0) | (head.last ? kLast : 0));
}

// Bytes of the varint at the front; 0 if it is not all there.
std::size_t varint_bytes(ByteView bytes) {
  for (std::size_t i = 0; i < bytes.size() && i < kMaxVarintBytes; ++i) {
    if (bytes[i] < 0x80) return i + 1;
  }
  return bytes.size() < kMaxVarintBytes ? 0 : kMaxVarintBytes;
}

}  // namespace

void encode_window_head(const WindowHead& head, Bytes& to) {
  ByteWriter out(to);
  out.u8(head_byte(head));
  out.varint(head.payload_bytes);
  out.u32(head.check);
}

Result<std::optional<ParsedHead>> decode_window_head(ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  const unsigned first = bytes[0];
  if (first >> kVersionShift != kFormatVersion) {
    return fail(Errc::kUnsupported, "delta: format version " + std::to_string(first >> kVersionShift));
  }
  const unsigned tier = first >> kTierShift & kTierMask;
  if (tier > static_cast<unsigned>(Tier::kStrong)) {
    return fail(Errc::kUnsupported, "delta: unknown tier " + std::to_string(tier));
  }
  const std::size_t length_bytes = varint_bytes(bytes.subspan(1));
  if (length_bytes == 0 || bytes.size() < 1 + length_bytes + kCheckBytes) return std::nullopt;
  ByteReader in(bytes.subspan(1));
  ParsedHead parsed;
  parsed.head = {.tier = static_cast<Tier>(tier), .continues = (first & kContinues) != 0, .last = (first & kLast) != 0};
  parsed.head.payload_bytes = in.varint();
  parsed.head.check = in.u32();
  if (!in.ok()) return fail(Errc::kMalformed, "delta: a payload length that is no number");
  parsed.head_bytes = 1 + length_bytes + kCheckBytes;
  return parsed;
}

bool is_compact(const WindowHead& head, bool only) {
  return only && head.last && (head.tier == Tier::kFast || head.tier == Tier::kStrong);
}

void encode_compact_head(const WindowHead& head, Bytes& to) {
  const std::uint32_t check = head.check & kCompactCheckMask;
  ByteWriter out(to);
  out.u8(static_cast<std::uint8_t>(kCompact | (head.tier == Tier::kStrong ? kCompactStrong : 0) | check >> 16));
  out.u16(static_cast<std::uint16_t>(check));
}

WindowHead decode_compact_head(ByteView bytes) {
  ByteReader in(bytes);
  const unsigned first = in.u8();
  const std::uint32_t check = (first & 0x3fU) << 16 | in.u16();
  return {.tier = (first & kCompactStrong) != 0 ? Tier::kStrong : Tier::kFast, .last = true, .check = check};
}

std::uint32_t CheckChain::next(ByteView window, const WindowHead& head) {
  seed_ = hash64(window, seed_ + head_byte(head));
  return static_cast<std::uint32_t>(seed_);
}

}  // namespace railgun::delta
