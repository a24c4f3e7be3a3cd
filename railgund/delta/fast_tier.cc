#include "railgund/delta/fast_tier.h"

namespace railgun::delta {
FastTier::FastTier(Reference::Prepared& reference)
    : walker_(std::make_unique<GapWalker<NibbleGaps>>(reference, reference)) {}

void FastTier::encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload) {
  RangeEncoder coder(payload);
  walker_->encode(coder, window, last, instructions, WalkPlan::of(instructions));
  coder.finish();
}

WalkEnd FastTier::decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page) {
  RangeDecoder coder(payload);
  return walker_->decode(coder, page, last, limit_bytes);
}

}  // namespace railgun::delta
