#include "railgund/activation/attempt_limit.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::activation {
namespace {

using namespace std::chrono_literals;

const Instant kStart{1h};

AttemptLimit limit() { return {{.burst = 3, .interval = 1s}, {.burst = 10, .interval = 100ms}, 42}; }

unsigned admitted(AttemptLimit& limit, const std::string& address, unsigned tries, Instant now) {
  unsigned count = 0;
  for (unsigned i = 0; i < tries; ++i) count += limit.admit(as_bytes(address), now) ? 1 : 0;
  return count;
}

TEST(AttemptLimit, LendsABurstThenKeepsTheRate) {
  AttemptLimit one = limit();
  EXPECT_EQ(admitted(one, "a", 100, kStart), 3U);
  EXPECT_EQ(admitted(one, "a", 100, kStart + 999ms), 0U);
  EXPECT_EQ(admitted(one, "a", 100, kStart + 1s), 1U);
  EXPECT_EQ(admitted(one, "a", 100, kStart + 1h), 3U);
}

TEST(AttemptLimit, WhoComesTooOftenTakesNothingFromOthers) {
  AttemptLimit one = limit();
  for (int i = 0; i < 1000; ++i) admitted(one, "attacker", 1, kStart + i * 1ms);
  EXPECT_EQ(admitted(one, "listener", 1, kStart + 1s), 1U);
}

TEST(AttemptLimit, HoldsManyAddressesToTheRateOfAll) {
  AttemptLimit one = limit();
  unsigned let_in = 0;
  for (unsigned i = 0; i < 10'000; ++i) let_in += admitted(one, std::to_string(i), 1, kStart + i * 1ms);
  EXPECT_EQ(let_in, 10U + 99U);  // ten at once, then ten a second for ten seconds
}

TEST(AttemptLimit, SharedPlacesCostNobodyHisTurnWhileThereIsRoom) {
  AttemptLimit many({.burst = 2, .interval = 1s}, {.burst = 100'000, .interval = 1ns}, 7);
  for (int i = 0; i < 400; ++i) admitted(many, "full" + std::to_string(i), 10, kStart);
  unsigned kept_out = 0;
  for (int i = 0; i < 1000; ++i) kept_out += admitted(many, "new" + std::to_string(i), 1, kStart) == 0 ? 1 : 0;
  EXPECT_LT(kept_out, 80U);  // both of its places taken: (400 / 4096)² and what the new ones fill themselves
}

}  // namespace
}  // namespace railgun::activation
