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
// Shorter payloads have a check of 14 bits.
constexpr std::size_t kCompactLong = 16;

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

std::uint32_t compact_check_mask(std::size_t payload_bytes) {
  return (1U << (payload_bytes < kCompactLong ? 14 : 22)) - 1;
}

void encode_compact_head(const WindowHead& head, Bytes& to) {
  const std::uint32_t check = head.check & compact_check_mask(head.payload_bytes);
  const unsigned first = kCompact | (head.tier == Tier::kStrong ? kCompactStrong : 0);
  ByteWriter out(to);
  if (head.payload_bytes < kCompactLong) {
    out.u8(static_cast<std::uint8_t>(first | check >> 8));
    out.u8(static_cast<std::uint8_t>(check));
  } else {
    out.u8(static_cast<std::uint8_t>(first | check >> 16));
    out.u16(static_cast<std::uint16_t>(check));
  }
}

Result<ParsedHead> decode_compact_head(ByteView delta) {
  constexpr std::size_t kShort = 2;
  const bool is_long = delta.size() >= kShort + kCompactLong;
  ByteReader in(delta);
  const unsigned first = in.u8();
  const std::uint32_t check = is_long ? (first & 0x3fU) << 16 | in.u16() : (first & 0x3fU) << 8 | in.u8();
  if (!in.ok()) return fail(Errc::kMalformed, "delta: it is cut short");
  return ParsedHead{.head = {.tier = (first & kCompactStrong) != 0 ? Tier::kStrong : Tier::kFast,
                             .last = true,
                             .payload_bytes = in.left(),
                             .check = check},
                    .head_bytes = delta.size() - in.left()};
}

std::uint32_t CheckChain::next(ByteView window, const WindowHead& head) {
  seed_ = hash64(window, seed_ + head_byte(head));
  return static_cast<std::uint32_t>(seed_);
}

}  // namespace railgun::delta
