#include "railgund/delta/nibble_model.h"

namespace railgun::delta {

NibbleModel::NibbleModel(const NibbleRow* start)
    : start_(start),
      own_(std::make_unique_for_overwrite<NibbleRow[]>(NibbleContexts::kRows)),
      changed_(std::make_unique<std::uint8_t[]>(NibbleContexts::kRows)) {
  // What a guess is worth before anything was learned: more with a longer run behind it.
  for (std::size_t i = 0; i < hits_.size(); ++i) {
    const std::size_t trust = i / kClasses % (kMaxTrust + 1);
    hits_[i] = AdaptiveBit(static_cast<std::uint16_t>(65535 - 40000 / (1 + trust)), 2);
  }
}

}  // namespace railgun::delta
