#include "railgund/net/descriptor_budget.h"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using Kind = DescriptorBudget::Kind;
using Leases = std::vector<DescriptorBudget::Lease>;

// Takes until there is none.
Leases take_all(DescriptorBudget& budget, Kind kind) {
  Leases leases;
  while (auto lease = budget.take(kind)) leases.push_back(std::move(*lease));
  return leases;
}

TEST(DescriptorBudget, KeepsTheShareOfEachKind) {
  DescriptorBudget budget({.of_kind = {2, 1, 3, 4}, .common = 5});
  const Leases clients = take_all(budget, Kind::kClient);
  EXPECT_EQ(clients.size(), 7U);
  EXPECT_EQ(take_all(budget, Kind::kNewcomer).size(), 1U);
  const Leases links = take_all(budget, Kind::kLink);
  EXPECT_EQ(links.size(), 3U);
  EXPECT_EQ(take_all(budget, Kind::kOrigin).size(), 4U);
}

TEST(DescriptorBudget, TakesBackWhatIsDestroyed) {
  DescriptorBudget budget({.of_kind = {0, 0, 0, 0}, .common = 1});
  {
    auto lease = budget.take(Kind::kNewcomer);
    ASSERT_TRUE(lease);
    EXPECT_FALSE(budget.take(Kind::kLink));
    EXPECT_EQ(budget.used(Kind::kNewcomer), 1U);
    // A newcomer that becomes a link gives its descriptor back with the old lease.
    const DescriptorBudget::Lease moved = std::move(*lease);
    EXPECT_EQ(budget.used(Kind::kNewcomer), 1U);
  }
  EXPECT_EQ(budget.used(Kind::kNewcomer), 0U);
  EXPECT_TRUE(budget.take(Kind::kLink));
}

TEST(DescriptorBudget, GivesOutNoMoreThanTheLimit) {
  for (const bool is_sender : {false, true}) {
    for (const std::size_t limit : {0, 1, 64, 256, 1024, 524288}) {
      const DescriptorBudget::Shares shares = DescriptorBudget::shares(limit, 4, is_sender);
      const std::size_t sum = std::accumulate(shares.of_kind.begin(), shares.of_kind.end(), shares.common);
      EXPECT_LE(sum + std::min<std::size_t>(limit / 2, 72 + 4 * 8), limit) << limit;
    }
  }
}

TEST(DescriptorBudget, LeavesLinksAndOriginsTheirsWith256) {
  const DescriptorBudget::Shares shares = DescriptorBudget::shares(256, 4, false);
  EXPECT_GE(shares.of_kind[static_cast<std::size_t>(Kind::kLink)], 32U);
  EXPECT_GE(shares.of_kind[static_cast<std::size_t>(Kind::kOrigin)], 32U);
}

}  // namespace
}  // namespace railgun::net
