#include "railgund/delta/mixing_gaps.h"

#include "railgund/delta/start_statistics.h"

namespace railgun::delta {

MixingGaps::MixingGaps(ByteView reference, const mixing::PrimedLines* primed, std::size_t limit_bytes)
    : old_(reference), limit_bytes_(limit_bytes), model_(primed, reference.size()) {
  for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i] = AdaptiveBit::from_start(start::kSteps[i]);
}

MixingGaps::Learned MixingGaps::learn_around(const Gap& gap) {
  learn_budget_ += gap.count * kLearnRatio;
  const std::size_t begin = gap.old_begin - std::min(gap.old_begin, kLearnBefore);
  const std::size_t end = std::min(old_.size(), gap.old_end + kLearnBehind);
  const std::size_t count = std::min({end > begin ? end - begin : 0, kLearnOnce, learn_budget_});
  learn_budget_ -= count;
  const ByteView around = old_.subspan(begin, count);
  Learned learned{.begin = history_.end(), .from = begin};
  std::uint64_t recent = 0;
  for (std::size_t i = 0; i < count; ++i) {
    recent = recent << 8 | around[i];
    if (i >= GapHistory::kOrder) {
      history_.push(around[i], recent);
    } else {
      history_.push_unindexed(around[i]);
    }
  }
  model_.learn(around, 0);
  learned.end = history_.end();
  return learned;
}

}  // namespace railgun::delta
