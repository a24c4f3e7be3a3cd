#include "railgund/proxy/origin_health.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

TEST(OriginHealth, TriesASickTargetAfterTheOthersForTenSeconds) {
  OriginHealth health;
  const Instant now{};
  health.failed("a", false, now);
  EXPECT_TRUE(health.is_sick("a", now + 9s));
  EXPECT_FALSE(health.is_sick("a", now + 10s));
  EXPECT_FALSE(health.is_sick("b", now));
  health.reached("a");
  EXPECT_FALSE(health.is_sick("a", now));
  EXPECT_EQ(health.size(), 0U);
}

TEST(OriginHealth, OpensForSilenceAlone) {
  OriginHealth health;
  const Instant now{};
  for (int i = 0; i < 10; ++i) health.failed("refuses", false, now);
  EXPECT_FALSE(health.is_open("refuses"));
  health.failed("silent", true, now);
  EXPECT_FALSE(health.is_open("silent"));
  health.failed("silent", true, now);
  EXPECT_TRUE(health.is_open("silent"));
  // It refuses now, which costs nothing to find out.
  health.failed("silent", false, now);
  EXPECT_FALSE(health.is_open("silent"));
}

TEST(OriginHealth, ProbesOneAtATimeAndLessAndLessOften) {
  OriginHealth health;
  Instant now{};
  health.failed("a", true, now);
  health.failed("a", true, now);
  EXPECT_FALSE(health.begin_probe("a", now));
  EXPECT_EQ(health.until_probe("a", now), Duration(1s));
  for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 16s}) {
    EXPECT_FALSE(health.begin_probe("a", now + expected - 1ms));
    now += expected;
    EXPECT_TRUE(health.begin_probe("a", now));
    EXPECT_FALSE(health.begin_probe("a", now));
    health.failed("a", true, now);
  }
  now += 16s;
  EXPECT_TRUE(health.begin_probe("a", now));
  health.reached("a");
  EXPECT_FALSE(health.is_open("a"));
}

TEST(OriginHealth, HoldsABoundedNumber) {
  OriginHealth health;
  Instant now{};
  for (int i = 0; i < 5000; ++i) health.failed("t" + std::to_string(i), true, now += 1ms);
  EXPECT_EQ(health.size(), OriginHealth::kMost);
  EXPECT_TRUE(health.is_sick("t4999", now));
  EXPECT_FALSE(health.is_sick("t0", now));
  health.failed("later", true, now + OriginHealth::kForgetAfter);
  EXPECT_EQ(health.size(), 1U);
}

}  // namespace
}  // namespace railgun::proxy
