#include "railgund/delta/tier_choice.h"

namespace railgun::delta {
namespace {

// Measured on page versions (`./dev bench delta`), one end, in nanoseconds.
constexpr std::uint64_t kFastGapByte = 25;
constexpr std::uint64_t kStrongGapByte = 200;
constexpr std::uint64_t kInstruction = 140;
// What is sent for a gap byte and an instruction by the fast tier, in sixteenths of a byte.
constexpr std::uint64_t kSentGapByte = 3;
constexpr std::uint64_t kSentInstruction = 30;
// What a thorough search of zstd costs more for a byte, in tenths of a nanosecond; it sends one byte less for so many
// bytes of the page.
constexpr std::uint64_t kThoroughByte = 33;
constexpr std::uint64_t kBytesForOneLess = 50;
// New text: the fast tier takes this long for a byte of it in a pair, whose caches are cold; zstd's thorough search a fifth
// of it, and sends a byte more for so many bytes in gaps (`./dev bench scale crawler` with each delta.effort).
constexpr std::uint64_t kFastNewByte = 64;
constexpr std::uint64_t kZstdNewByte = 12;
constexpr std::uint64_t kNewBytesForOneMore = 42;
// Less than this costs little either way, and zstd sends more; and where more than two thirds of a window are known, zstd
// spends its time on what is known.
constexpr std::size_t kLeastNewBytes = 4 * 1024;
constexpr std::size_t kNewShare = 3;
// A link of unknown speed is taken for one of 16 Mbit/s.
constexpr std::uint64_t kUsualLink = 2'000'000;

std::uint64_t link_of(const EncoderOptions& options) {
  return options.link_bytes_per_second != 0 ? options.link_bytes_per_second : kUsualLink;
}

}  // namespace

bool strong_may_pay(std::uint64_t link_bytes_per_second) {
  // For gaps alone; instructions cost either tier the same.
  const std::uint64_t spent = 2 * (kStrongGapByte - kFastGapByte);
  return link_bytes_per_second != 0 && kSentGapByte * 1'000'000'000 / (16 * 6) / link_bytes_per_second >= spent;
}

bool thorough_may_pay(const EncoderOptions& options) {
  if (options.effort == Effort::kStrong) return true;
  return options.effort == Effort::kAuto && 10'000'000'000 / kBytesForOneLess / link_of(options) >= kThoroughByte;
}

bool TierChoice::is_new_text(std::size_t gap_bytes, std::size_t window_bytes) const {
  if (options_.effort != Effort::kAuto || options_.is_first_visit) return false;
  if (gap_bytes < kLeastNewBytes || gap_bytes < window_bytes / kNewShare) return false;
  const std::uint64_t saved = 1'000'000'000 / kNewBytesForOneMore / link_of(options_);
  return saved < 2 * (kFastNewByte - kZstdNewByte);
}

Tier TierChoice::tier(std::size_t gap_bytes, std::size_t instructions, bool primed) {
  switch (options_.effort) {
    case Effort::kZstd:
      return Tier::kZstd;
    case Effort::kFast:
      return Tier::kFast;
    case Effort::kStrong:
      return Tier::kStrong;
    case Effort::kAuto:
      break;
  }
  const auto time_of = [&](std::uint64_t gap_byte) {
    return Duration(static_cast<std::int64_t>(gap_bytes * gap_byte + instructions * kInstruction));
  };
  const Duration fast = time_of(kFastGapByte);
  const Duration strong = time_of(kStrongGapByte);
  // The strong tier sends about a sixth less. Both ends take the time.
  const std::uint64_t sent = (gap_bytes * kSentGapByte + instructions * kSentInstruction) / 16;
  const Duration saved(static_cast<std::int64_t>(sent * 1'000'000'000 / 6 / link_of(options_)));
  if (primed && strong <= budget_ && saved >= 2 * (strong - fast)) {
    budget_ -= strong;
    return Tier::kStrong;
  }
  if (fast <= budget_) {
    budget_ -= fast;
    return Tier::kFast;
  }
  return Tier::kZstd;
}

}  // namespace railgun::delta
