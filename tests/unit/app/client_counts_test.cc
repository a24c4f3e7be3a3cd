#include "railgund/app/client_counts.h"

#include <gtest/gtest.h>

namespace railgun::app {
namespace {

net::SocketAddress address(std::string_view host) { return net::SocketAddress::parse(host, 1).value(); }

TEST(ClientCounts, CountsInAllAndByNetworkUntilThePlaceIsGone) {
  ClientCounts counts;
  {
    const auto one = counts.enter(address("192.0.2.1"));
    auto two = counts.enter(address("::ffff:192.0.2.1"));
    const auto moved = std::move(two);
    const auto other = counts.enter(address("192.0.2.2"));
    EXPECT_EQ(counts.total(), 3U);
    EXPECT_EQ(counts.of_network(address("192.0.2.1")), 2U);
    EXPECT_EQ(counts.of_network(address("192.0.2.2")), 1U);
    EXPECT_EQ(counts.of_network(address("192.0.2.3")), 0U);
  }
  EXPECT_EQ(counts.total(), 0U);
  EXPECT_EQ(counts.of_network(address("192.0.2.1")), 0U);
}

// A host may take any address of its /64.
TEST(ClientCounts, TakesAnIpv6NetworkForOneVisitor) {
  ClientCounts counts;
  const auto one = counts.enter(address("2001:db8:0:1::1"));
  EXPECT_EQ(counts.of_network(address("2001:db8:0:1:ffff::2")), 1U);
  EXPECT_EQ(counts.of_network(address("2001:db8:0:2::1")), 0U);
}

TEST(ClientCounts, KnowsThisMachine) {
  for (const char* host : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(address(host)));
  for (const char* host : {"128.0.0.1", "::2", "::ffff:192.0.2.1"}) EXPECT_FALSE(is_loopback(address(host)));
}

}  // namespace
}  // namespace railgun::app
