#include "railgund/app/overload.h"

#include <gtest/gtest.h>

namespace railgun::app {
namespace {

constexpr OverloadLimits kLimits{.budget_bytes = 1000, .step_bytes = 100, .cache_bytes = 640};

TEST(Overload, GivesNothingUpWithinTheBudget) {
  Overload overload(kLimits);
  overload.update(1000, 640);
  EXPECT_EQ(overload.step(), OverloadStep::kNone);
  EXPECT_EQ(overload.cache_limit_bytes(), 640u);
}

TEST(Overload, TakesOneStepMoreForEachStepOfMemory) {
  const auto step_at = [](std::uint64_t resident_bytes) {
    Overload overload(kLimits);
    overload.update(resident_bytes, 0);
    return overload.step();
  };
  EXPECT_EQ(step_at(1001), OverloadStep::kDropPrepared);
  EXPECT_EQ(step_at(1100), OverloadStep::kDropPrepared);
  EXPECT_EQ(step_at(1101), OverloadStep::kKeepNothing);
  EXPECT_EQ(step_at(1201), OverloadStep::kNoDeltas);
  EXPECT_EQ(step_at(1301), OverloadStep::kAcceptNothing);
  EXPECT_EQ(step_at(1401), OverloadStep::kAnswer503);
  EXPECT_EQ(step_at(1'000'000), OverloadStep::kAnswer503);
}

TEST(Overload, TakesStepsBackOneByOneAndLater) {
  Overload overload(kLimits);
  overload.update(1250, 0);
  ASSERT_EQ(overload.step(), OverloadStep::kNoDeltas);
  // Within half a step of where it was taken, it stays.
  overload.update(1190, 0);
  EXPECT_EQ(overload.step(), OverloadStep::kNoDeltas);
  overload.update(1150, 0);
  EXPECT_EQ(overload.step(), OverloadStep::kNoDeltas);
  overload.update(1149, 0);
  EXPECT_EQ(overload.step(), OverloadStep::kKeepNothing);
  overload.update(500, 0);
  EXPECT_EQ(overload.step(), OverloadStep::kDropPrepared);
  overload.update(500, 0);
  EXPECT_EQ(overload.step(), OverloadStep::kNone);
}

TEST(Overload, MakesTheCacheGiveWayByTheExcess) {
  Overload overload(kLimits);
  overload.update(1100, 600);
  EXPECT_EQ(overload.cache_limit_bytes(), 500u);
  overload.update(1050, 500);
  EXPECT_EQ(overload.cache_limit_bytes(), 450u);
  // Something else has the memory.
  overload.update(5000, 450);
  EXPECT_EQ(overload.cache_limit_bytes(), 40u);
}

TEST(Overload, GivesTheCacheItsRoomBackSlowly) {
  Overload overload(kLimits);
  overload.update(1300, 600);
  ASSERT_EQ(overload.cache_limit_bytes(), 300u);
  overload.update(950, 300);  // not far enough below
  EXPECT_EQ(overload.cache_limit_bytes(), 300u);
  overload.update(800, 300);
  EXPECT_EQ(overload.cache_limit_bytes(), 320u);
  for (int i = 0; i < 100; ++i) overload.update(800, 300);
  EXPECT_EQ(overload.cache_limit_bytes(), 640u);
}

}  // namespace
}  // namespace railgun::app
