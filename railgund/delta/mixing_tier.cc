#include "railgund/delta/mixing_tier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "railgund/delta/mixing_gaps.h"

namespace railgun::delta {
namespace {

// Probability that a tier begins primed, of 65536.
constexpr std::uint32_t kUsuallyPrimed = 60000;

// An equal byte inside a gap costs next to nothing, an instruction about three bytes; so gaps run through what equals
// the reference for long. Where text moved and was edited as well, shorter copies pay: they lead to where it was, and
// what follows there is told by the replaced text again.
constexpr ParserOptions kLongCopies = {.min_resync = 128, .min_copy = 128};
constexpr ParserOptions kShortCopies = {.min_resync = 32, .min_copy = 32};
// What an instruction must save on average, in bytes that differ from the replaced text; and how many of the further
// copies may themselves begin elsewhere than expected, of 20. Found on page versions; the sizes change little around
// them.
constexpr std::size_t kWorthCopy = 22;
constexpr std::size_t kMoveAgain = 7;

// What tells a parse of much text that moved.
struct ParseSums {
  std::size_t instructions = 0;
  std::size_t moves = 0;  // copies that do not go on behind the gap
  std::size_t gap_bytes = 0;
  std::size_t new_bytes = 0;  // of them, other than the replaced text
};

ParseSums sums_of(ByteView old, std::size_t expected, ByteView window, std::span<const Instruction> instructions) {
  ParseSums sums{.instructions = instructions.size()};
  std::size_t at = 0;
  for (const auto& [gap, source, copy] : instructions) {
    const std::size_t aligned = std::min<std::size_t>(gap, old.size() - expected);
    std::size_t equal = 0;
    for (std::size_t k = 0; k < aligned; ++k) equal += window[at + k] == old[expected + k] ? 1U : 0U;
    sums.gap_bytes += gap;
    sums.new_bytes += gap - equal;
    if (copy != 0 && source != expected + gap) ++sums.moves;
    expected = copy != 0 ? source + copy : expected + aligned;
    at += gap + copy;
  }
  return sums;
}

bool shorter_copies_pay(const ParseSums& with_long, const ParseSums& with_short) {
  if (with_short.instructions <= with_long.instructions || with_short.new_bytes >= with_long.new_bytes) return false;
  const std::size_t more = with_short.instructions - with_long.instructions;
  const std::size_t moves = with_short.moves - std::min(with_short.moves, with_long.moves);
  return with_long.new_bytes - with_short.new_bytes > kWorthCopy * more && 20 * moves < kMoveAgain * more + 20;
}

}  // namespace

struct MixingTier::State {
  State(Reference::Prepared& ref, bool begin_primed) : reference(ref), primed(begin_primed) {}

  // The tier's first payload begins with how it begins.
  template <typename Coder>
  GapWalker<MixingGaps>& walk(Coder& coder) {
    if (!walker) {
      primed = coder.bit(primed, kUsuallyPrimed);
      walker.emplace(reference, reference.page(), primed ? &reference.primed_lines() : nullptr);
    }
    return *walker;
  }

  Reference::Prepared& reference;
  bool primed;
  std::optional<GapWalker<MixingGaps>> walker;
};

MixingTier::MixingTier(Reference::Prepared& reference, bool primed)
    : state_(std::make_unique<State>(reference, primed)) {}
MixingTier::~MixingTier() = default;
MixingTier::MixingTier(MixingTier&&) noexcept = default;
MixingTier& MixingTier::operator=(MixingTier&&) noexcept = default;

std::size_t MixingTier::expected() const { return state_->walker ? state_->walker->expected() : 0; }

void MixingTier::encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload) {
  RangeEncoder coder(payload);
  state_->walk(coder).encode(coder, window, last, instructions, WalkPlan::of(instructions));
  coder.finish();
}

WalkEnd MixingTier::decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page) {
  RangeDecoder coder(payload);
  return state_->walk(coder).decode(coder, page, last, limit_bytes);
}

bool encode_mixing(Reference::Prepared& reference, bool primed, ByteView window, bool last,
                   std::optional<MixingTier>& tier, Bytes& payload) {
  const std::size_t expected = tier ? tier->expected() : 0;
  std::vector<Instruction> instructions;
  std::vector<Instruction> shorter;
  parse(reference, expected, window, last, kLongCopies, instructions);
  const ParseSums sums = sums_of(reference.page(), expected, window, instructions);
  std::size_t gap_bytes = sums.gap_bytes;
  if (sums.new_bytes >= kWorthCopy) {
    parse(reference, expected, window, last, kShortCopies, shorter);
    const ParseSums others = sums_of(reference.page(), expected, window, shorter);
    if (shorter_copies_pay(sums, others)) {
      instructions = std::move(shorter);
      gap_bytes = others.gap_bytes;
    }
  }
  if (gap_bytes > kMixingGapBytes) return false;
  if (!tier) tier.emplace(reference, primed);
  tier->encode(window, last, instructions, payload);
  return true;
}

}  // namespace railgun::delta
