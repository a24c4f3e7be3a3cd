#include "railgund/proxy/held_bytes.h"

#include <optional>

#include <gtest/gtest.h>

#include "railgund/proxy/held_limits.h"

namespace railgun::proxy {
namespace {

TEST(HeldAccount, CountsTheSumAndTheMostOfOne) {
  Counters counters;
  HeldBytes most;
  HeldAccount one, two;
  one.update(counters, most, {.upload = 100, .coded = 7});
  two.update(counters, most, {.upload = 50});
  EXPECT_EQ(counters.held_upload.get(), 150U);
  EXPECT_EQ(most.upload, 100U);
  one.update(counters, most, {.upload = 10});
  EXPECT_EQ(counters.held_upload.get(), 60U);
  EXPECT_EQ(most.upload, 100U);
  EXPECT_EQ(counters.held_coded.get(), 0U);
  EXPECT_EQ(most.coded, 7U);
}

TEST(HeldAccount, EndsWithItsExchange) {
  Counters counters;
  HeldBytes most;
  std::optional<HeldAccount> account(std::in_place);
  account->update(counters, most, {.decoded = 5, .page = 9});
  HeldAccount moved(std::move(*account));
  account.reset();
  EXPECT_EQ(counters.held_decoded.get(), 5U);
  {
    const HeldAccount last(std::move(moved));
  }
  EXPECT_EQ(counters.held_decoded.get(), 0U);
  EXPECT_EQ(counters.held_page.get(), 0U);
}

TEST(HeldLimits, GiveLessRoomTheMoreOthersHold) {
  EXPECT_EQ(room_beside(0), kMostRoom);
  EXPECT_EQ(room_beside(4 << 20), kMostRoom);
  EXPECT_EQ(room_beside((5 << 20) - (256 << 10)), 32U * 1024);
  EXPECT_EQ(room_beside(5 << 20), kLeastRoom);
  EXPECT_EQ(room_beside(SIZE_MAX), kLeastRoom);
  EXPECT_EQ(window_beside(0), 1U << 20);
  EXPECT_EQ(window_beside(28 << 20), 128U * 1024);
  EXPECT_EQ(window_beside(SIZE_MAX), kLeastWindow);
}

}  // namespace
}  // namespace railgun::proxy
