#include "railgund/link/rate_limit.h"

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, AllowsABurstAndThenTheRate) {
  const Instant start{};
  RateLimit limit(2, 3, start);
  EXPECT_TRUE(limit.take(start) && limit.take(start) && limit.take(start));
  EXPECT_FALSE(limit.take(start));
  EXPECT_FALSE(limit.take(start + 499ms));
  EXPECT_TRUE(limit.take(start + 500ms));
  EXPECT_FALSE(limit.take(start + 500ms));
}

TEST(RateLimit, SavesUpNoMoreThanTheBurst) {
  const Instant start{};
  RateLimit limit(2, 3, start);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take(start + 1h));
  EXPECT_FALSE(limit.take(start + 1h));
  EXPECT_FALSE(limit.take(start));  // a clock that goes back gives nothing
}

}  // namespace
}  // namespace railgun::link
