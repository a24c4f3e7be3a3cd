#include "railgund/delta/fast_tier.h"

#include "railgund/delta/nibble_model.h"

namespace railgun::delta {
namespace {

// Gap bytes from which the dense index of the page is worth its making.
constexpr std::size_t kIndexFrom = 1000;
constexpr std::size_t kSomeVolume = 200;
constexpr std::size_t kMuchVolume = 3000;

WalkPlan plan_for(std::span<const Instruction> instructions) {
  std::size_t gap_bytes = 0;
  for (const auto& op : instructions) gap_bytes += op.gap;
  WalkPlan plan;
  plan.volume = gap_bytes < kSomeVolume ? Volume::kLittle : gap_bytes < kMuchVolume ? Volume::kSome : Volume::kMuch;
  plan.use_page_index = gap_bytes >= kIndexFrom;
  return plan;
}

}  // namespace

struct FastTier::State {
  explicit State(Reference::Prepared& reference) : walker(reference, NibbleModel(reference.primed_rows().rows())) {}
  GapWalker<NibbleModel> walker;
};

FastTier::FastTier(Reference::Prepared& reference) : state_(std::make_unique<State>(reference)) {}
FastTier::~FastTier() = default;
FastTier::FastTier(FastTier&&) noexcept = default;
FastTier& FastTier::operator=(FastTier&&) noexcept = default;

std::size_t FastTier::expected() const { return state_->walker.expected(); }

void FastTier::encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload) {
  RangeEncoder coder(payload);
  state_->walker.encode(coder, window, last, instructions, plan_for(instructions));
  coder.finish();
}

WalkEnd FastTier::decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page) {
  RangeDecoder coder(payload);
  return state_->walker.decode(coder, page, last, {.window_bytes = limit_bytes, .gap_bytes = limit_bytes});
}

}  // namespace railgun::delta
