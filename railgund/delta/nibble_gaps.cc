#include "railgund/delta/nibble_gaps.h"

#include "railgund/delta/start_statistics.h"

namespace railgun::delta {

NibbleGaps::NibbleGaps(Reference::Prepared& reference) : old_(reference.page()), prepared_(reference) {
  for (std::size_t i = 0; i < steps_.size(); ++i) steps_[i] = AdaptiveBit::from_start(start::kSteps[i]);
  found_steps_.fill(AdaptiveBit::from_start(start::kFoundStep));
}

void NibbleGaps::enter_old(std::size_t begin, std::size_t end) {
  if (begin >= end) return;
  budget_ -= end - begin;
  const std::size_t last = std::min<std::size_t>(end, kInWindow);
  for (std::size_t place = std::max<std::size_t>(begin + kOrder + 1, 8); place < last; place += kEnterEvery) {
    places_[slot(recent_at(old_.data() + place))] = static_cast<std::uint32_t>(place);
  }
}

NibbleGaps::Found NibbleGaps::find(const Known& known, std::uint64_t recent, const PageIndex* index) const {
  const std::uint32_t place = places_[slot(recent)];
  if (place != 0) {
    const bool in_old = place < kInWindow;
    const std::size_t before = place & (kInWindow - 1);
    const std::uint8_t* at = (in_old ? old_.data() : known.begin) + before;
    std::size_t length = equal_before(at, recent);
    // `recent` may reach back into the window before.
    const std::size_t room = std::min({before, known.size, kLongest});
    if (length == 8 && room > 8) length += common_suffix(at - 8, known.begin + known.size - 8, room - 8);
    if (length >= kShortest) return {at, static_cast<unsigned>(length), NibbleModel::Source::kNearby, in_old};
  }
  if (index != nullptr) {
    const std::uint32_t place_in_page = index->find(recent);
    if (place_in_page >= 8 && place_in_page < old_.size()) {
      const std::uint8_t* at = old_.data() + place_in_page;
      const unsigned length = equal_before(at, recent);
      if (length >= kShortestInPage) return {at, length, NibbleModel::Source::kPage, true};
    }
  }
  return {};
}

}  // namespace railgun::delta
