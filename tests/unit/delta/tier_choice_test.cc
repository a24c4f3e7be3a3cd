#include "railgund/delta/tier_choice.h"

#include <gtest/gtest.h>

namespace railgun::delta {
namespace {

constexpr std::uint64_t kSlow = 30'000;  // bytes a second
constexpr std::uint64_t kUsual = 10'000'000;

Tier choose(std::size_t gap_bytes, std::uint64_t link, bool primed, Duration budget = std::chrono::milliseconds(2)) {
  return TierChoice({.effort = Effort::kAuto, .cpu_budget = budget, .link_bytes_per_second = link})
      .tier(gap_bytes, 10, primed);
}

TEST(TierChoice, TakesTheStrongTierOnSlowLinksWhereItIsPrepared) {
  EXPECT_EQ(choose(2000, kSlow, true), Tier::kStrong);
  EXPECT_EQ(choose(2000, kSlow, false), Tier::kFast);
  EXPECT_EQ(choose(2000, kUsual, true), Tier::kFast);
  EXPECT_EQ(choose(2000, 0, true), Tier::kFast);
}

TEST(TierChoice, StaysWithinTheBudgetOfAPage) {
  EXPECT_EQ(choose(20'000, kSlow, true), Tier::kFast);
  EXPECT_EQ(choose(1'000'000, kSlow, true), Tier::kZstd);
  EXPECT_EQ(choose(2000, kUsual, true, std::chrono::microseconds(10)), Tier::kZstd);

  // The windows of one page share it.
  TierChoice choice({.effort = Effort::kAuto, .cpu_budget = std::chrono::milliseconds(1)});
  int windows = 0;
  while (choice.tier(10'000, 10, false) == Tier::kFast) ++windows;
  EXPECT_EQ(windows, 3);
}

TEST(TierChoice, TakesAPageOfNewTextForItsTimeUnlessTheLinkIsSlow) {
  const auto is_new = [](std::size_t gap_bytes, std::size_t window_bytes, EncoderOptions options) {
    return TierChoice(options).is_new_text(gap_bytes, window_bytes);
  };
  EXPECT_TRUE(is_new(46'000, 92'000, {}));
  EXPECT_TRUE(is_new(46'000, 92'000, {.link_bytes_per_second = kUsual}));
  EXPECT_FALSE(is_new(46'000, 92'000, {.link_bytes_per_second = kSlow}));
  EXPECT_FALSE(is_new(46'000, 1'000'000, {}));
  EXPECT_TRUE(is_new(5'000, 10'000, {}));
  EXPECT_FALSE(is_new(3'000, 6'000, {}));
  EXPECT_FALSE(is_new(46'000, 92'000, {.effort = Effort::kFast}));
  EXPECT_FALSE(is_new(46'000, 92'000, {.is_first_visit = true}));
}

TEST(TierChoice, ObeysWhoAsksForATier) {
  for (const auto& [effort, tier] : {std::pair{Effort::kFast, Tier::kFast}, std::pair{Effort::kStrong, Tier::kStrong},
                                     std::pair{Effort::kZstd, Tier::kZstd}}) {
    EXPECT_EQ(TierChoice({.effort = effort}).tier(10'000'000, 1000, false), tier);
  }
}

TEST(TierChoice, PreparesForTheStrongTierOnlyWhereItMayBeTaken) {
  EXPECT_TRUE(strong_may_pay(kSlow));
  EXPECT_FALSE(strong_may_pay(kUsual));
  EXPECT_FALSE(strong_may_pay(0));
}

TEST(TierChoice, SearchesThoroughlyWhereTheLinkIsSlower) {
  const auto pays = [](Effort effort, std::uint64_t link) {
    return thorough_may_pay({.effort = effort, .link_bytes_per_second = link});
  };
  EXPECT_TRUE(pays(Effort::kAuto, kSlow));
  EXPECT_TRUE(pays(Effort::kAuto, 0));
  EXPECT_TRUE(pays(Effort::kAuto, 6'000'000));
  EXPECT_FALSE(pays(Effort::kAuto, kUsual));
  EXPECT_TRUE(pays(Effort::kStrong, kUsual));
  EXPECT_FALSE(pays(Effort::kFast, kSlow));
  EXPECT_FALSE(pays(Effort::kZstd, kSlow));
}

}  // namespace
}  // namespace railgun::delta
