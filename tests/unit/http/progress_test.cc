#include "railgund/http/progress.h"

#include <gtest/gtest.h>

namespace railgun::http {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant{} + 100s;

TEST(Progress, EarnsTheTimeThatTheBytesMayTake) {
  EXPECT_EQ(after_progress(kStart, 500, 1000, kStart + 10s), kStart + 500ms);
  EXPECT_EQ(after_progress(kStart, 0, 1000, kStart + 10s), kStart);
}

TEST(Progress, EarnsNoMoreThanHasPassed) {
  EXPECT_EQ(after_progress(kStart, 20'000, 1000, kStart + 10s), kStart + 10s);
  EXPECT_EQ(after_progress(kStart, SIZE_MAX, 1, kStart + 10s), kStart + 10s);
  EXPECT_EQ(after_progress(kStart + 10s, 1, 1, kStart + 10s), kStart + 10s);
}

TEST(Progress, IsAnyByteWithoutAMinimumRate) { EXPECT_EQ(after_progress(kStart, 1, 0, kStart + 10s), kStart + 10s); }

}  // namespace
}  // namespace railgun::http
