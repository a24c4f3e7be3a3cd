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

TEST(ReceiveWindow, ReturnsAllCreditOnceTheLeastIsFreeAgain) {
  ReceiveWindow window(100);
  EXPECT_EQ(window.take_grant(1), 0U);
  EXPECT_TRUE(window.receive(80));
  EXPECT_EQ(window.consume(49), 49U);
  EXPECT_EQ(window.take_grant(50), 0U);
  EXPECT_EQ(window.consume(1), 1U);
  EXPECT_EQ(window.take_grant(50), 50U);
  EXPECT_EQ(window.take_grant(1), 0U);
  EXPECT_EQ(window.held(), 30U);
}

TEST(ReceiveWindow, RefusesDataOverTheCreditAndCountsNothingTwice) {
  ReceiveWindow window(100);
  EXPECT_TRUE(window.receive(100));
  EXPECT_FALSE(window.receive(1));
  EXPECT_EQ(window.consume(1000), 100U);
  EXPECT_EQ(window.consume(1), 0U);
  EXPECT_EQ(window.take_grant(100), 100U);
}

TEST(ReceiveWindow, OfOneByteStillMoves) {
  ReceiveWindow window(1);
  EXPECT_EQ(window.take_grant(1), 0U);
  EXPECT_TRUE(window.receive(1));
  window.consume(1);
  EXPECT_EQ(window.take_grant(1), 1U);
  EXPECT_TRUE(window.receive(1));
}

TEST(WindowShare, IsTheWholeStreamWindowWhileTheLinkHasPlenty) {
  const WindowShare share = WindowShare::of_window(256 * 1024, 32 << 20, 1000);
  EXPECT_EQ(share.of_stream(32 << 20), 256U * 1024);
  EXPECT_EQ(share.of_stream((26 << 20) + (4 << 20)), 256U * 1024);  // 26 MiB are set aside
  EXPECT_EQ(share.of_stream((26 << 20) + (2 << 20)), 128U * 1024);
}

TEST(WindowShare, IsNeverBelowTheLeast) {
  const WindowShare share = WindowShare::of_window(256 * 1024, 32 << 20, 1000);
  EXPECT_EQ(share.of_stream(26 << 20), 16U * 1024);  // a sixteenth of the stream's window
  EXPECT_EQ(share.of_stream(0), 16U * 1024);
  EXPECT_EQ(share.stream_grant(), 8U * 1024);
  const WindowShare crowded = WindowShare::of_window(256 * 1024, 32 << 20, 4096);
  EXPECT_EQ(crowded.of_stream(0), 4096U);  // all streams' least shares are half of the link's window
}

TEST(WindowShare, OfAQueueIsMoreOfIt) {
  const WindowShare share = WindowShare::of_queue(256 * 1024, 4 << 20, 4000);
  EXPECT_EQ(share.of_stream(4 << 20), 112U * 1024);  // 2 MiB and 256 KiB are set aside
  EXPECT_EQ(share.of_stream(2 << 20), 524U);
}

TEST(WindowShare, OfTheSmallestWindowsStillMoves) {
  for (const std::uint64_t window : {1U, 2U, 3U, 15U, 16U}) {
    const WindowShare share = WindowShare::of_window(window, window, 1000);
    EXPECT_EQ(share.of_stream(window), 1U);
    EXPECT_EQ(share.stream_grant(), 1U);
    EXPECT_EQ(WindowShare::link_grant(window), 1U);
  }
  EXPECT_EQ(WindowShare::of_window(1, 1, 0).of_stream(1), 1U);
}

}  // namespace
}  // namespace railgun::link
