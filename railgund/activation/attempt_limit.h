// How often strangers may come: so many from one address, so many in all. Looked at before anything costly is done for
// them. Bounded, whatever they send: addresses share a table of fixed size, found by a secret seed, so that nobody can
// choose whom he shares a place with. A core.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/time.h"

namespace railgun::activation {

class AttemptLimit {
 public:
  // So many at once, then one each so often.
  struct Rate {
    unsigned burst;
    Duration each;
  };

  AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed);

  // `address`: its bytes, or the part of it that one party has (of IPv6 the first eight).
  bool admit(ByteView address, Instant now);

 private:
  static constexpr std::size_t kPlaces = 4096;

  // When the next one would be due if they came evenly; ahead of the clock by what the burst lends.
  static bool has_room(Instant due, const Rate& rate, Instant now);
  static void take(Instant& due, const Rate& rate, Instant now);

  Rate of_one_, of_all_;
  std::uint64_t seed_;
  // An address is refused only if both of its places are full: strangers in one of them do not matter.
  std::array<std::vector<Instant>, 2> due_;
  Instant due_of_all_{};
};

}  // namespace railgun::activation
