#include "railgund/base/rate_limit.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

using namespace std::chrono_literals;

constexpr Rate kThreeThenTwoASecond{.burst = 3, .interval = 500ms};

TEST(RateLimit, AllowsABurstAndThenTheRate) {
  const Instant start{};
  RateLimit limit(kThreeThenTwoASecond);
  EXPECT_TRUE(limit.take(start) && limit.take(start) && limit.take(start));
  EXPECT_FALSE(limit.take(start));
  EXPECT_FALSE(limit.take(start + 499ms));
  EXPECT_TRUE(limit.take(start + 500ms));
  EXPECT_FALSE(limit.take(start + 500ms));
}

TEST(RateLimit, SavesUpNoMoreThanTheBurst) {
  const Instant start{};
  RateLimit limit(kThreeThenTwoASecond);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(start + 1h));
  EXPECT_FALSE(limit.take(start + 1h));
  EXPECT_FALSE(limit.take(start));  // a clock that goes back gives nothing
}

TEST(RateLimit, ABurstOfOneKeepsTheInterval) {
  const Instant start{};
  RateLimit limit({.burst = 1, .interval = 10s});
  EXPECT_TRUE(limit.take(start));
  EXPECT_FALSE(limit.take(start + 10s - 1ns));
  EXPECT_TRUE(limit.take(start + 10s));
}

}  // namespace
}  // namespace railgun
