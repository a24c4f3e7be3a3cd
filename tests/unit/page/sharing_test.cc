#include "railgund/page/sharing.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

Id128 id(const std::string& text) { return hash128(as_bytes(text)); }

TEST(Sharing, CallsAVersionEverybodysOnceEnoughVisitorsHaveIt) {
  Sharing sharing;
  EXPECT_FALSE(sharing.received(id("/a"), id("v"), id("ann"), 3));
  EXPECT_FALSE(sharing.received(id("/a"), id("v"), id("bob"), 3));
  EXPECT_TRUE(sharing.received(id("/a"), id("v"), id("eve"), 3));
  EXPECT_TRUE(sharing.received(id("/a"), id("v"), id("ann"), 3));
}

TEST(Sharing, CountsAVisitorOnce) {
  Sharing sharing;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(sharing.received(id("/a"), id("v"), id("ann"), 2));
  EXPECT_TRUE(sharing.received(id("/a"), id("v"), id("bob"), 2));
}

TEST(Sharing, TellsVersionsAndPagesApart) {
  Sharing sharing;
  EXPECT_FALSE(sharing.received(id("/a"), id("v"), id("ann"), 2));
  EXPECT_FALSE(sharing.received(id("/a"), id("w"), id("bob"), 2));
  EXPECT_FALSE(sharing.received(id("/b"), id("v"), id("bob"), 2));
  EXPECT_TRUE(sharing.received(id("/a"), id("v"), id("bob"), 2));
}

TEST(Sharing, RequiresAtMostTheMost) {
  Sharing sharing;
  for (unsigned i = 1; i < Sharing::kMostVisitors; ++i)
    EXPECT_FALSE(sharing.received(id("/a"), id("v"), id(std::to_string(i)), 100));
  EXPECT_TRUE(sharing.received(id("/a"), id("v"), id("last"), 100));
  EXPECT_TRUE(sharing.received(id("/b"), id("v"), id("only"), 1));
}

// A journey through an application names hundreds of parts, visitor after visitor.
TEST(Sharing, WatchesManyVersionsInTurn) {
  Sharing sharing;
  int shared = 0;
  for (const char* visitor : {"ann", "bob", "eve"}) {
    shared = 0;
    for (int i = 0; i < 1000; ++i)
      shared += sharing.received(id("/" + std::to_string(i)), id("v"), id(visitor), 3) ? 1 : 0;
  }
  EXPECT_EQ(shared, 1000);
}

TEST(Sharing, ForgetsAndNeverTellsTooEarly) {
  Sharing sharing;
  for (int i = 0; i < 50'000; ++i)
    EXPECT_FALSE(sharing.received(id("/" + std::to_string(i)), id("v"), id(std::to_string(i)), 2));
  // Either remembered or not: the second visitor may have to come again, the first alone never does.
  EXPECT_FALSE(sharing.received(id("/0"), id("v"), id("0"), 2));
  EXPECT_TRUE(sharing.received(id("/0"), id("v"), id("1"), 2));
}

}  // namespace
}  // namespace railgun::page
