// A rate limit for unknown clients: by address, and for all together. Checked before anything expensive is done for
// them. Memory is fixed: addresses are hashed with a secret seed into a table, so that nobody can choose which other
// address they collide with. A core.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/rate_limit.h"
#include "railgund/base/time.h"

namespace railgun::activation {

class AttemptLimit {
 public:
  AttemptLimit(Rate of_one, Rate of_all, std::uint64_t seed);

  // `address`: its bytes, or the prefix that belongs to one party (8 bytes of an IPv6 address).
  bool admit(ByteView address, Instant now);

 private:
  static constexpr std::size_t kSlots = 4096;

  Rate of_one_, of_all_;
  std::uint64_t seed_;
  // An address is rejected only if both of its slots are full, so a collision in one of them does no harm.
  std::array<std::vector<RateUse>, 2> used_;
  RateUse used_by_all_;
};

}  // namespace railgun::activation
