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

// The short head, of a whole page in one window of the fast or the strong tier: a set bit, the tier, six bits of length
// below kShortLengths, otherwise four bits above it and a byte more.
constexpr unsigned kShort = 0x80;
constexpr unsigned kShortStrong = 0x40;
constexpr std::size_t kShortLengths = 48;
constexpr std::size_t kShortLimit = kShortLengths + (64 - kShortLengths) * 256;

bool is_short(const WindowHead& head) {
  return (head.tier == Tier::kFast || head.tier == Tier::kStrong) && head.last && !head.continues &&
         head.payload_bytes < kShortLimit;
}

void encode_short(const WindowHead& head, ByteWriter& out) {
  const unsigned first = kShort | (head.tier == Tier::kStrong ? kShortStrong : 0);
  if (head.payload_bytes < kShortLengths) {
    out.u8(static_cast<std::uint8_t>(first | head.payload_bytes));
  } else {
    const std::size_t more = head.payload_bytes - kShortLengths;
    out.u8(static_cast<std::uint8_t>(first | (kShortLengths + more / 256)));
    out.u8(static_cast<std::uint8_t>(more));
  }
}

std::optional<ParsedHead> decode_short(ByteView bytes) {
  ParsedHead parsed;
  parsed.head = {.tier = (bytes[0] & kShortStrong) != 0 ? Tier::kStrong : Tier::kFast, .last = true};
  ByteReader in(bytes);
  parsed.head.payload_bytes = in.u8() & 0x3fU;
  if (parsed.head.payload_bytes >= kShortLengths) {
    parsed.head.payload_bytes = kShortLengths + (parsed.head.payload_bytes - kShortLengths) * 256 + in.u8();
  }
  parsed.head.check = in.u32();
  if (!in.ok()) return std::nullopt;
  parsed.head_bytes = bytes.size() - in.left();
  return parsed;
}

}  // namespace

void encode_window_head(const WindowHead& head, Bytes& to) {
  ByteWriter out(to);
  if (is_short(head)) {
    encode_short(head, out);
  } else {
    out.u8(head_byte(head));
    out.varint(head.payload_bytes);
  }
  out.u32(head.check);
}

Result<std::optional<ParsedHead>> decode_window_head(ByteView bytes) {
  if (bytes.empty()) return std::nullopt;
  const unsigned first = bytes[0];
  if ((first & kShort) != 0) return decode_short(bytes);
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

std::uint32_t CheckChain::next(ByteView window, const WindowHead& head) {
  seed_ = hash64(window, seed_ + head_byte(head));
  return static_cast<std::uint32_t>(seed_);
}

}  // namespace railgun::delta
