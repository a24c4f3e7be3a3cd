#include "railgund/statistics/carried.h"

#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace railgun::statistics {
namespace {

using namespace std::chrono_literals;

// Every counter has a value of its own.
Totals totals() {
  Totals all;
  std::uint64_t value = 100;
  for (const Metric& metric : metrics()) all[metric.member] = ++value;
  Histogram time(kTimeScale);
  time.record(50'000'000);
  for (const SpreadMetric& metric : spread_metrics()) {
    Histogram one(*(all.spread.*metric.total).scale);
    one.record(++value);
    (all.spread.*metric.total).add(one);
  }
  for (const SiteMetric& metric : site_metrics()) all.sites["a.test"].*metric.total = ++value;
  return all;
}

TEST(Carried, AddsEveryCounterOnceAndNoGauge) {
  const Totals before = totals();
  const auto carried = parse_carried(to_carried_json(before, History()));
  ASSERT_TRUE(carried);
  Totals after;
  add(after, *carried);
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const std::uint64_t expected = metrics()[row].type == Type::kCounter ? before.numbers.at(row) : 0;
    EXPECT_EQ(after.numbers.at(row), expected) << metrics()[row].prometheus;
  }
  for (const SpreadMetric& metric : spread_metrics()) {
    EXPECT_EQ((after.spread.*metric.total).buckets, (before.spread.*metric.total).buckets) << metric.prometheus;
    EXPECT_EQ((after.spread.*metric.total).sum, (before.spread.*metric.total).sum) << metric.prometheus;
  }
  for (const SiteMetric& metric : site_metrics())
    EXPECT_EQ(after.sites["a.test"].*metric.total, before.sites.at("a.test").*metric.total) << metric.json;
  add(after, *carried);
  EXPECT_EQ(after[&proxy::Counters::requests_started], 2 * before[&proxy::Counters::requests_started]);
}

TEST(Carried, BringsTheLastHour) {
  History before;
  Totals all = totals();
  all.peers = {{.peer = "edge", .up = 1, .round_trip = 20ms}};
  for (int i = 0; i < 5; ++i) {
    all.uptime_seconds += 10;
    all.time += 10s;
    all[&proxy::Counters::requests_started] += 7;
    before.add(all);
  }
  auto carried = parse_carried(to_carried_json(all, before));
  ASSERT_TRUE(carried);
  EXPECT_EQ(carried->history.to_json(), before.to_json());
  // The next sample is compared with what comes first, not with another process.
  Totals next;
  next.peers = all.peers;
  carried->history.add(next);
  EXPECT_EQ(carried->history.to_json(), before.to_json());
  next[&proxy::Counters::requests_started] += 3;
  carried->history.add(next);
  EXPECT_EQ(nlohmann::json::parse(carried->history.to_json())["requests"], nlohmann::json({7, 7, 7, 7, 3}));
}

TEST(Carried, TakesNothingFromOtherTexts) {
  for (const char* text : {"", "nonsense", "[]", "7", R"({"counters": {)"}) EXPECT_FALSE(parse_carried(text)) << text;
  EXPECT_FALSE(parse_carried(std::string(100, '[')));
  for (const char* text : {
           "{}",
           R"({"counters": 3, "spreads": [], "sites": {"a": 1}, "history": {}})",
           R"({"counters": {"railgun_requests_started_total": -1}, "history": "{\"time\": [\"x\"], \"links\": [3]}"})",
           R"({"spreads": {"railgun_page_size_bytes": {"sum": "x", "buckets": [1]}}})",
       }) {
    const auto carried = parse_carried(text);
    ASSERT_TRUE(carried) << text;
    Totals after;
    add(after, *carried);
    EXPECT_EQ(after[&proxy::Counters::requests_started], 0u);
  }
}

TEST(Carried, BoundsSitesAndSamples) {
  nlohmann::json text = {{"sites", nlohmann::json::object()}};
  for (int i = 0; i < 5000; ++i) text["sites"][std::to_string(i)] = nlohmann::json::object();
  nlohmann::json times = nlohmann::json::array();
  for (int i = 0; i < 5000; ++i) times.push_back(i);
  text["history"] = nlohmann::json({{"time", times}}).dump();
  const auto carried = parse_carried(text.dump());
  ASSERT_TRUE(carried);
  EXPECT_EQ(carried->sites.size(), proxy::SiteTable::kMostSites + 1);
  EXPECT_EQ(nlohmann::json::parse(carried->history.to_json())["samples"], History::kSamples);
}

}  // namespace
}  // namespace railgun::statistics
