#include "railgund/net/name_cache.h"

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

const Instant kNow{1000s};
const std::vector<SocketAddress> kAddresses{*SocketAddress::parse("192.0.2.1", 0)};

TEST(NameCache, KnowsANameUntilItIsTooOldForTheAsker) {
  NameCache cache(10);
  EXPECT_EQ(cache.find("a", 1h, kNow), nullptr);
  cache.keep("a", kAddresses, kNow);
  EXPECT_NE(cache.find("a", 30s, kNow + 29s), nullptr);
  EXPECT_EQ(cache.find("a", 30s, kNow + 30s), nullptr);
  ASSERT_NE(cache.find("a", 1h, kNow + 30s), nullptr);
  EXPECT_EQ(cache.find("a", 1h, kNow + 30s)->addresses.front().host(), "192.0.2.1");
  cache.keep("a", kAddresses, kNow + 60s);
  EXPECT_NE(cache.find("a", 30s, kNow + 80s), nullptr);
  cache.forget("a");
  EXPECT_EQ(cache.find("a", 1h, kNow), nullptr);
}

TEST(NameCache, ForgetsTheOldestOverItsLimit) {
  NameCache cache(2);
  cache.keep("b", kAddresses, kNow);
  cache.keep("a", kAddresses, kNow + 1s);
  cache.keep("c", kAddresses, kNow + 2s);
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("b", 1h, kNow + 2s), nullptr);
  EXPECT_NE(cache.find("a", 1h, kNow + 2s), nullptr);
}

}  // namespace
}  // namespace railgun::net
