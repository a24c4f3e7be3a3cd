#include "railgund/delta/mixing_tables.h"

#include <gtest/gtest.h>

namespace railgun::delta::mixing {
namespace {

TEST(MixingTables, SquashIsTheLogisticFunction) {
  EXPECT_EQ(squash(0), 32768U);
  // 65536 / (1 + e^-1) = 47910.66; 65536 / (1 + e^1) is the rest.
  EXPECT_EQ(squash(256), 47910U);
  EXPECT_EQ(squash(-256), 65536U - 47910U);
  // 65536 / (1 + e^(-2047/256)) = 65513.9
  EXPECT_EQ(squash(2047), 65513U);
  EXPECT_EQ(squash(5000), 65513U);
  EXPECT_EQ(squash(-2047), 23U);
  EXPECT_EQ(squash(-5000), 23U);
}

TEST(MixingTables, SquashNeverFalls) {
  for (int x = -2048; x < 2048; ++x) EXPECT_LE(squash(x), squash(x + 1)) << x;
}

TEST(MixingTables, StretchUndoesSquash) {
  for (int x = -1200; x <= 1200; ++x) EXPECT_NEAR(kStretch[squash(x) >> 4], x, 16) << x;
  EXPECT_EQ(kStretch[0], -2047);
  EXPECT_EQ(kStretch[4095], 2047);
}

TEST(MixingTables, HistoryCountsBitsAndLetsTheOtherSideFade) {
  EXPECT_EQ(kNextHistory[0][0x00], 0x10);
  EXPECT_EQ(kNextHistory[1][0x00], 0x01);
  EXPECT_EQ(kNextHistory[1][0x20], 0x21);  // two stay two
  EXPECT_EQ(kNextHistory[1][0x50], 0x31);
  EXPECT_EQ(kNextHistory[1][0xf0], 0x41);
  EXPECT_EQ(kNextHistory[0][0xf0], 0xf0);  // no more than fifteen
  EXPECT_EQ(kNextHistory[0][0x09], 0x14);
}

TEST(MixingTables, ChanceMovesAShareOfTheWay) {
  Chance chance;
  chance.learn(true, 1);
  EXPECT_EQ(chance.p, 32768 + 32767 / 2);
  chance.set(32768);
  chance.learn(false, 2);
  EXPECT_EQ(chance.p, 24576);
  for (int k = 0; k < 1000; ++k) chance.learn(true, 4);
  EXPECT_GT(chance.p, 65500);
}

}  // namespace
}  // namespace railgun::delta::mixing
