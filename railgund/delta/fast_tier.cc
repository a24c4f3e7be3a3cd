#include "railgund/delta/fast_tier.h"

namespace railgun::delta {
namespace {

// Gap bytes from which the dense index of the page is worth its making.
constexpr std::size_t kIndexFrom = 200;
constexpr std::size_t kSomeVolume = 200;
constexpr std::size_t kMuchVolume = 3000;

WalkPlan plan_for(std::span<const Instruction> instructions) {
  const std::size_t gap_bytes = gap_bytes_of(instructions);
  WalkPlan plan;
  plan.volume = gap_bytes < kSomeVolume ? Volume::kLittle : gap_bytes < kMuchVolume ? Volume::kSome : Volume::kMuch;
  plan.use_page_index = gap_bytes >= kIndexFrom;
  return plan;
}

}  // namespace

FastTier::FastTier(Reference::Prepared& reference)
    : walker_(
          std::make_unique<GapWalker<NibbleGaps>>(reference, NibbleGaps(reference.page(), reference.primed_rows()))) {}

void FastTier::encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload) {
  RangeEncoder coder(payload);
  walker_->encode(coder, window, last, instructions, plan_for(instructions));
  coder.finish();
}

WalkEnd FastTier::decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page) {
  RangeDecoder coder(payload);
  return walker_->decode(coder, page, last, {.window_bytes = limit_bytes, .gap_bytes = limit_bytes});
}

}  // namespace railgun::delta
