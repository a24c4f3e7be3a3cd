#include "railgund/proxy/link_speed.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

TEST(LinkSpeed, IsUnknownWhileTheLinkHasLittleToCarry) {
  LinkSpeed speed;
  EXPECT_EQ(speed.bytes_per_second(), 0U);
  speed.add({.bytes_per_second = 1000, .is_least = true});
  EXPECT_EQ(speed.bytes_per_second(), 0U);
}

TEST(LinkSpeed, FollowsWhatIsMeasuredUnderLoad) {
  LinkSpeed speed;
  speed.add({.bytes_per_second = 100'000});
  EXPECT_EQ(speed.bytes_per_second(), 100'000U);
  for (int i = 0; i < 20; ++i) speed.add({.bytes_per_second = 1'000'000});
  EXPECT_GT(speed.bytes_per_second(), 900'000U);
  for (int i = 0; i < 30; ++i) speed.add({.bytes_per_second = 50'000});
  EXPECT_LT(speed.bytes_per_second(), 60'000U);
}

TEST(LinkSpeed, ALeastRateOnlyRaisesIt) {
  LinkSpeed speed;
  speed.add({.bytes_per_second = 100'000});
  speed.add({.bytes_per_second = 10, .is_least = true});
  EXPECT_EQ(speed.bytes_per_second(), 100'000U);
  speed.add({.bytes_per_second = 300'000, .is_least = true});
  EXPECT_EQ(speed.bytes_per_second(), 300'000U);
}

}  // namespace
}  // namespace railgun::proxy
