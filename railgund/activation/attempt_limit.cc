#include "railgund/activation/attempt_limit.h"

#include <algorithm>

#include "railgund/base/hash.h"

namespace railgun::activation {

AttemptLimit::AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed)
    : of_one_(of_one), of_all_(of_all), seed_(seed) {
  for (auto& row : due_) row.resize(kPlaces);
}

bool AttemptLimit::has_room(Instant due, const Rate& rate, Instant now) {
  return due <= now + rate.each * static_cast<long>(rate.burst - 1);
}

void AttemptLimit::take(Instant& due, const Rate& rate, Instant now) { due = std::max(due, now) + rate.each; }

bool AttemptLimit::admit(ByteView address, Instant now) {
  std::array<Instant*, 2> places{};
  bool has_room_of_its_own = false;
  for (std::size_t row = 0; row < places.size(); ++row) {
    places[row] = &due_[row][hash64(address, seed_ + row) % kPlaces];
    has_room_of_its_own = has_room_of_its_own || has_room(*places[row], of_one_, now);
  }
  // Who comes too often himself takes nothing from the others.
  if (!has_room_of_its_own || !has_room(due_of_all_, of_all_, now)) return false;
  for (Instant* place : places) take(*place, of_one_, now);
  take(due_of_all_, of_all_, now);
  return true;
}

}  // namespace railgun::activation
