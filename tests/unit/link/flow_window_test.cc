#include "railgund/link/flow_window.h"

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

TEST(SendWindow, NeverGrowsPastWhatWasAnnounced) {
  SendWindow window(100);
  EXPECT_FALSE(window.grant(1));
  window.spend(60);
  EXPECT_EQ(window.credit(), 40U);
  EXPECT_FALSE(window.grant(0));
  EXPECT_FALSE(window.grant(61));
  EXPECT_FALSE(window.grant(~0ULL));
  EXPECT_TRUE(window.grant(60));
  EXPECT_EQ(window.credit(), 100U);
}

TEST(ReceiveWindow, ReturnsCreditWhenHalfIsFreeAgain) {
  ReceiveWindow window(100);
  EXPECT_EQ(window.take_grant(), 0U);
  EXPECT_TRUE(window.receive(80));
  EXPECT_EQ(window.consume(49), 49U);
  EXPECT_EQ(window.take_grant(), 0U);
  EXPECT_EQ(window.consume(1), 1U);
  EXPECT_EQ(window.take_grant(), 50U);
  EXPECT_EQ(window.take_grant(), 0U);
  EXPECT_EQ(window.held(), 30U);
}

TEST(ReceiveWindow, RefusesDataOverTheCreditAndCountsNothingTwice) {
  ReceiveWindow window(100);
  EXPECT_TRUE(window.receive(100));
  EXPECT_FALSE(window.receive(1));
  EXPECT_EQ(window.consume(1000), 100U);
  EXPECT_EQ(window.consume(1), 0U);
  EXPECT_EQ(window.take_grant(), 100U);
}

TEST(ReceiveWindow, OfOneByteStillMoves) {
  ReceiveWindow window(1);
  EXPECT_EQ(window.take_grant(), 0U);
  EXPECT_TRUE(window.receive(1));
  window.consume(1);
  EXPECT_EQ(window.take_grant(), 1U);
  EXPECT_TRUE(window.receive(1));
}

}  // namespace
}  // namespace railgun::link
