#include "railgund/proxy/counters.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

std::vector<std::string> hosts_of(const SiteTable& table) {
  std::vector<std::string> hosts;
  table.each([&](const SiteCounters& site) { hosts.push_back(site.host); });
  return hosts;
}

TEST(SiteTable, GivesEachHostOnePlace) {
  SiteTable table;
  table.at("a.test", false).requests.add();
  table.at("b.test", true).requests.add();
  table.at("a.test", false).requests.add();
  EXPECT_EQ(hosts_of(table), (std::vector<std::string>{"a.test", "b.test", "(other)"}));
  EXPECT_EQ(table.at("a.test", false).requests.get(), 2U);
}

TEST(SiteTable, CountsHostsBeyondItsBoundTogether) {
  SiteTable table;
  for (std::size_t i = 0; i < SiteTable::kMostUnnamed + 50; ++i)
    table.at("host" + std::to_string(i), false).requests.add();
  EXPECT_EQ(hosts_of(table).size(), SiteTable::kMostUnnamed + 1);
  std::uint64_t of_others = 0;
  table.each([&](const SiteCounters& site) {
    if (site.host == SiteTable::kOther) of_others = site.requests.get();
  });
  EXPECT_EQ(of_others, 50U);
}

TEST(SiteTable, KeepsRoomForHostsThatTheSettingsName) {
  SiteTable table;
  for (std::size_t i = 0; i < SiteTable::kMostUnnamed; ++i) table.at("host" + std::to_string(i), false);
  EXPECT_EQ(table.at("stranger", false).host, SiteTable::kOther);
  EXPECT_EQ(table.at("www.example.com", true).host, "www.example.com");
  for (std::size_t i = 0; i < SiteTable::kMostSites; ++i) table.at("named" + std::to_string(i), true);
  EXPECT_EQ(hosts_of(table).size(), SiteTable::kMostSites + 1);
  EXPECT_EQ(table.at("one more", true).host, SiteTable::kOther);
}

TEST(Distributions, TellDeltasFromPagesThatWereCompressed) {
  Distributions spread;
  record_sizes(spread, 100'000, 250, true);
  record_sizes(spread, 50'000, 12'000, false);
  record_sizes(spread, 0, 9, true);
  HistogramCounts pages(kBytesScale), deltas(kBytesScale), parts(kPartsScale);
  pages.add(spread.page_bytes);
  deltas.add(spread.delta_bytes);
  parts.add(spread.delta_parts);
  EXPECT_EQ(pages.count(), 3U);
  EXPECT_EQ(deltas.count(), 2U);
  EXPECT_EQ(deltas.sum, 259U);
  EXPECT_EQ(parts.count(), 1U);
  EXPECT_EQ(parts.sum, 2500U);
}

TEST(Stopwatch, MeasuresNothingWithoutAClock) {
  EXPECT_EQ(Stopwatch(nullptr).elapsed(), Duration{});
  static Instant now{};
  const Stopwatch watch([] { return now; });
  now += std::chrono::microseconds(7);
  EXPECT_EQ(watch.elapsed(), std::chrono::microseconds(7));
}

}  // namespace
}  // namespace railgun::proxy
