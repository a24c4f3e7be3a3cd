#include "railgund/activation/attempt_limit.h"

#include <algorithm>

#include "railgund/base/hash.h"

namespace railgun::activation {

AttemptLimit::AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed)
    : of_one_(of_one), of_all_(of_all), seed_(seed) {
  for (auto& row : due_) row.resize(kSlots);
}

bool AttemptLimit::has_room(Instant due, const Rate& rate, Instant now) {
  return due <= now + rate.each * static_cast<long>(rate.burst - 1);
}

void AttemptLimit::take(Instant& due, const Rate& rate, Instant now) { due = std::max(due, now) + rate.each; }

bool AttemptLimit::admit(ByteView address, Instant now) {
  std::array<Instant*, 2> slots{};
  bool has_room_of_its_own = false;
  for (std::size_t row = 0; row < slots.size(); ++row) {
    slots[row] = &due_[row][hash64(address, seed_ + row) % kSlots];
    has_room_of_its_own = has_room_of_its_own || has_room(*slots[row], of_one_, now);
  }
  // An address over its own limit uses nothing of the limit of all.
  if (!has_room_of_its_own || !has_room(due_of_all_, of_all_, now)) return false;
  for (Instant* slot : slots) take(*slot, of_one_, now);
  take(due_of_all_, of_all_, now);
  return true;
}

}  // namespace railgun::activation
