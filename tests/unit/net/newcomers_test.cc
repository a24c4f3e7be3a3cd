#include "railgund/net/newcomers.h"

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using Ids = std::vector<std::uint64_t>;

TEST(Newcomers, CloseTheOldestForANewOne) {
  Newcomers newcomers({.in_all = 2, .of_one = 2});
  EXPECT_EQ(newcomers.add(1, "a"), Ids{});
  EXPECT_EQ(newcomers.add(2, "b"), Ids{});
  EXPECT_EQ(newcomers.add(3, "c"), Ids{1});
  EXPECT_EQ(newcomers.add(4, "d"), Ids{2});
  EXPECT_EQ(newcomers.size(), 2U);
}

TEST(Newcomers, OfOneAddressPushOutOnlyEachOther) {
  Newcomers newcomers({.in_all = 4, .of_one = 2});
  newcomers.add(1, "peer");
  newcomers.add(2, "flood");
  newcomers.add(3, "flood");
  for (std::uint64_t id = 4; id < 300; ++id) EXPECT_EQ(newcomers.add(id, "flood"), Ids{id - 2});
  EXPECT_EQ(newcomers.add(300, "other"), Ids{});
  EXPECT_EQ(newcomers.size(), 4U);
}

TEST(Newcomers, LeaveRoomWhenTheyAreKnown) {
  Newcomers newcomers({.in_all = 2, .of_one = 1});
  newcomers.add(1, "a");
  newcomers.remove(1);
  newcomers.remove(77);
  EXPECT_EQ(newcomers.add(2, "a"), Ids{});
  EXPECT_EQ(newcomers.add(3, "b"), Ids{});
}

TEST(Newcomers, ObeyLowerLimitsFromTheNextOneOn) {
  Newcomers newcomers(Newcomers::limits(8));
  for (std::uint64_t id = 0; id < 8; ++id) newcomers.add(id, std::to_string(id));
  newcomers.set_limits(Newcomers::limits(2));
  EXPECT_EQ(newcomers.add(8, "8"), (Ids{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(newcomers.size(), 2U);
}

TEST(Newcomers, OfOneAddressMayHaveHalf) {
  EXPECT_EQ(Newcomers::limits(64).of_one, 32U);
  EXPECT_EQ(Newcomers::limits(1).of_one, 1U);
  EXPECT_EQ(Newcomers::limits(0).in_all, 1U);
}

}  // namespace
}  // namespace railgun::net
