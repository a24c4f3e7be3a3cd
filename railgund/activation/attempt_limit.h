// A rate limit for unknown clients: by address, and for all together. Checked before anything expensive is done for
// them. Memory is fixed: addresses are hashed with a secret seed into a table, so that nobody can choose which other
// address they collide with. A core.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/time.h"

namespace railgun::activation {

class AttemptLimit {
 public:
  // `burst` attempts at once, then one every `each`.
  struct Rate {
    unsigned burst;
    Duration each;
  };

  AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed);

  // `address`: its bytes, or the prefix that belongs to one party (8 bytes of an IPv6 address).
  bool admit(ByteView address, Instant now);

 private:
  static constexpr std::size_t kSlots = 4096;

  // A slot holds the time when the next attempt is due at an even rate; bursts put it ahead of the clock.
  static bool has_room(Instant due, const Rate& rate, Instant now);
  static void take(Instant& due, const Rate& rate, Instant now);

  Rate of_one_, of_all_;
  std::uint64_t seed_;
  // An address is rejected only if both of its slots are full, so a collision in one of them does no harm.
  std::array<std::vector<Instant>, 2> due_;
  Instant due_of_all_{};
};

}  // namespace railgun::activation
