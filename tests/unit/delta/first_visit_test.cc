#include "railgund/delta/first_visit.h"

#include <gtest/gtest.h>

#include "railgund/delta/starting_text.h"

namespace railgun::delta {
namespace {

constexpr std::uint64_t kFastLink = 100'000'000;  // bytes a second

bool uses_text(Effort effort, std::uint64_t link, bool is_asset) {
  const FirstVisit plan = plan_first_visit({.effort = effort, .link_bytes_per_second = link}, is_asset);
  EXPECT_TRUE(plan.reference == nullptr || plan.reference == starting_text());
  EXPECT_EQ(plan.options.effort, effort);
  return plan.reference != nullptr;
}

TEST(FirstVisit, IsAgainstTheStartingTextUnlessTheLinkIsFastOrZstdIsWanted) {
  EXPECT_TRUE(uses_text(Effort::kAuto, 0, false));
  EXPECT_TRUE(uses_text(Effort::kAuto, 1'000'000, false));
  EXPECT_TRUE(uses_text(Effort::kStrong, kFastLink, false));
  EXPECT_FALSE(uses_text(Effort::kAuto, kFastLink, false));
  EXPECT_FALSE(uses_text(Effort::kAuto, kFastLink, true));
  EXPECT_FALSE(uses_text(Effort::kFast, 0, false));
  EXPECT_FALSE(uses_text(Effort::kZstd, 0, true));
}

TEST(FirstVisit, MayTakeTenTimesTheBudgetForWhatCrossesOnce) {
  const EncoderOptions usual;
  EXPECT_EQ(plan_first_visit(usual, false).options.cpu_budget, usual.cpu_budget);
  const FirstVisit asset = plan_first_visit(usual, true);
  EXPECT_EQ(asset.options.cpu_budget, 10 * usual.cpu_budget);
  // The strong tier is what it is spent on, in windows that leave one after the other.
  const Bytes page(100'000, 'x');
  EXPECT_LT(asset.options.window_bytes, page.size());
  EXPECT_TRUE(plan_first_visit({.effort = Effort::kStrong}, true).options.window_bytes == usual.window_bytes);
}

}  // namespace
}  // namespace railgun::delta
