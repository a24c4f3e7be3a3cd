#include "railgund/activation/attempt_limit.h"


#include "railgund/base/hash.h"

namespace railgun::activation {

AttemptLimit::AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed)
    : of_one_(of_one), of_all_(of_all), seed_(seed) {
  for (auto& row : used_) row.resize(kSlots);
}

bool AttemptLimit::admit(ByteView address, Instant now) {
  std::array<RateUse*, 2> slots{};
  bool has_room_of_its_own = false;
  for (std::size_t row = 0; row < slots.size(); ++row) {
    slots[row] = &used_[row][hash64(address, seed_ + row) % kSlots];
    has_room_of_its_own = has_room_of_its_own || slots[row]->has_room(of_one_, now);
  }
  // An address over its own limit uses nothing of the limit of all.
  if (!has_room_of_its_own || !used_by_all_.has_room(of_all_, now)) return false;
  for (RateUse* slot : slots) slot->add(of_one_, now);
  used_by_all_.add(of_all_, now);
  return true;
}

}  // namespace railgun::activation
