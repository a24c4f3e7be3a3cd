#include "railgund/delta/nibble_model.h"

#include "railgund/delta/start_statistics.h"

namespace railgun::delta {

NibbleModel::NibbleModel(const PrimedRows& start)
    : start_(start.rows()),
      halvings_(start.halvings()),
      scratch_(NibbleScratch::borrow()),
      own_(scratch_->rows.get()),
      changed_(scratch_->changed.get()) {
  for (std::size_t i = 0; i < hits_.size(); ++i) hits_[i] = AdaptiveBit::from_start(start::kHits[i / kClasses], 2);
  for (std::size_t i = 0; i < second_hits_.size(); ++i) {
    second_hits_[i] = AdaptiveBit::from_start(start::kSecondHits[i], 2);
  }
}

}  // namespace railgun::delta
