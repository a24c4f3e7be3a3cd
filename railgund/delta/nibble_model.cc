#include "railgund/delta/nibble_model.h"

#include "railgund/delta/start_statistics.h"

namespace railgun::delta {

// Made by the compiler: small deltas would spend a good part of their time on it.
constexpr NibbleModel::Guesses NibbleModel::make_guesses() {
  Guesses all;
  for (std::size_t i = 0; i < all.hits.size(); ++i)
    all.hits[i] = AdaptiveBit::from_start(start::kHits[i / kClasses], 2);
  for (std::size_t i = 0; i < all.second_hits.size(); ++i) {
    all.second_hits[i] = AdaptiveBit::from_start(start::kSecondHits[i], 2);
  }
  return all;
}
constinit const NibbleModel::Guesses NibbleModel::kStart = NibbleModel::make_guesses();

NibbleModel::NibbleModel(const PrimedRows& start)
    : start_(start.rows()), halvings_(start.halvings()), scratch_(NibbleScratch::borrow()), guesses_(kStart) {}

}  // namespace railgun::delta
