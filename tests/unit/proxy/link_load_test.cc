#include "railgund/proxy/link_load.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

TEST(LinkLoad, ALargeAnswerMakesItHeavyUntilAMomentAfterItsEnd) {
  LinkLoad load;
  Instant now{};
  EXPECT_FALSE(load.is_heavy(now));
  for (int i = 0; i < 20; ++i) load.add(16'384, now += 50ms);
  EXPECT_TRUE(load.is_heavy(now));
  EXPECT_TRUE(load.is_heavy(now + 1s));
  EXPECT_FALSE(load.is_heavy(now + 2s));
}

TEST(LinkLoad, SmallAnswersNeverDo) {
  LinkLoad load;
  Instant now{};
  for (int i = 0; i < 10'000; ++i) load.add(300, now += 10ms);
  EXPECT_FALSE(load.is_heavy(now));
  // A clock that stood still for years overflows nothing.
  EXPECT_FALSE(load.is_heavy(now + 1000h));
}

}  // namespace
}  // namespace railgun::proxy
