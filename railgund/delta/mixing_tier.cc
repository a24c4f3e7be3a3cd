#include "railgund/delta/mixing_tier.h"

#include <utility>
#include <vector>

#include "railgund/delta/mixing_model.h"

namespace railgun::delta {
namespace {

// Gap bytes from which the dense index of the page is used, and from which the volume is some and much.
constexpr std::size_t kIndexFrom = 200;
constexpr std::size_t kSomeVolume = 200;
constexpr std::size_t kMuchVolume = 3000;
// Probability that a tier begins primed, of 65536.
constexpr std::uint32_t kUsuallyPrimed = 60000;

// An equal byte inside a gap costs next to nothing, an instruction about three bytes; so gaps run through what equals
// the reference for long. Where whole stretches moved, shorter copies pay.
constexpr ParserOptions kLongCopies = {.min_resync = 128, .min_copy = 128};
constexpr ParserOptions kShortCopies = {.min_resync = 32, .min_copy = 32};
// Gap bytes up to which both ways are tried.
constexpr std::size_t kTryBoth = 3000;

WalkPlan plan_for(std::span<const Instruction> instructions) {
  const std::size_t gap_bytes = gap_bytes_of(instructions);
  WalkPlan plan;
  plan.volume = gap_bytes < kSomeVolume ? Volume::kLittle : gap_bytes < kMuchVolume ? Volume::kSome : Volume::kMuch;
  plan.use_page_index = gap_bytes >= kIndexFrom;
  return plan;
}

}  // namespace

struct MixingTier::State {
  State(Reference::Prepared& ref, bool begin_primed) : reference(ref), primed(begin_primed) {}

  // The tier's first payload begins with how it begins.
  template <typename Coder>
  GapWalker<MixingModel>& walk(Coder& coder) {
    if (!walker) {
      primed = coder.bit(primed, kUsuallyPrimed);
      walker.emplace(reference, MixingModel(primed ? &reference.primed_lines() : nullptr, reference.page().size()));
    }
    return *walker;
  }

  Reference::Prepared& reference;
  bool primed;
  std::optional<GapWalker<MixingModel>> walker;
};

MixingTier::MixingTier(Reference::Prepared& reference, bool primed)
    : state_(std::make_unique<State>(reference, primed)) {}
MixingTier::~MixingTier() = default;
MixingTier::MixingTier(MixingTier&&) noexcept = default;
MixingTier& MixingTier::operator=(MixingTier&&) noexcept = default;

std::size_t MixingTier::expected() const { return state_->walker ? state_->walker->expected() : 0; }

void MixingTier::encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload) {
  RangeEncoder coder(payload);
  state_->walk(coder).encode(coder, window, last, instructions, plan_for(instructions));
  coder.finish();
}

WalkEnd MixingTier::decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page) {
  RangeDecoder coder(payload);
  return state_->walk(coder).decode(coder, page, last, {.window_bytes = limit_bytes, .gap_bytes = kMixingGapBytes});
}

bool encode_mixing(Reference::Prepared& reference, bool primed, ByteView window, bool last,
                   std::optional<MixingTier>& tier, Bytes& payload) {
  const bool first = !tier;
  std::vector<Instruction> instructions;
  parse(reference, first ? 0 : tier->expected(), window, last, kLongCopies, instructions);
  const std::size_t gap_bytes = gap_bytes_of(instructions);
  if (gap_bytes > kMixingGapBytes) return false;
  if (first) tier.emplace(reference, primed);
  tier->encode(window, last, instructions, payload);
  // Where gaps are a large part of the window, text has moved a lot.
  if (!first || (gap_bytes > kTryBoth && gap_bytes < window.size() / 4)) return true;

  std::vector<Instruction> others;
  parse(reference, 0, window, last, kShortCopies, others);
  if (gap_bytes_of(others) == gap_bytes) return true;
  MixingTier other(reference, primed);
  Bytes shorter;
  other.encode(window, last, others, shorter);
  if (shorter.size() < payload.size()) {
    payload = std::move(shorter);
    tier = std::move(other);
  }
  return true;
}

}  // namespace railgun::delta
