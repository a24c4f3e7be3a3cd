#include "railgund/statistics/totals.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "railgund/statistics/json.h"
#include "railgund/statistics/prometheus.h"

namespace railgun::statistics {
namespace {

using namespace std::chrono_literals;

// 10,000 bytes of pages that took 2,500 on the link; one delta of 50 ms.
Totals sender_totals() {
  Totals totals;
  totals.is_sender = true;
  totals[&proxy::Counters::requests_started] = 3;
  totals[&proxy::Counters::requests_completed] = 2;
  totals[&proxy::Counters::answers_delta] = 1;
  totals[&proxy::Counters::page_bytes] = 10'000;
  totals[&proxy::Counters::coded_bytes] = 2'500;
  Histogram time(kTimeScale), delta(kBytesScale), parts(kPartsScale);
  time.record(50'000'000);
  delta.record(250);
  parts.record(20'000);
  totals.spread.total_time.add(time);
  totals.spread.delta_bytes.add(delta);
  totals.spread.delta_parts.add(parts);
  totals.sites["a.test"] = {.requests = 3, .delta = 1, .page_bytes = 10'000, .coded_bytes = 2'500};
  return totals;
}

proxy::LinkStatus link(const std::string& peer, bool up, std::optional<Duration> round_trip) {
  proxy::LinkStatus status;
  status.peer = peer;
  status.up = up;
  status.round_trip = round_trip;
  status.streams = 2;
  return status;
}

bool has_line(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

TEST(StatisticsJson, KeepsTheOriginalsNames) {
  const auto json = nlohmann::json::parse(to_json(sender_totals()));
  EXPECT_EQ(json["delta_compression_ratio"], 7500);
  EXPECT_EQ(json["requests_started"], 3);
  EXPECT_EQ(json["bytes_retrieved"], 10'000);
  for (const char* name : {"no_origin_response", "origin_retries", "requests_completed", "uncompressed_chunks",
                           "wan_bytes_sent", "wan_starts", "wan_stops", "time"}) {
    EXPECT_TRUE(json[name].is_number()) << name;
  }
  EXPECT_TRUE(json["memstats"]["alloc"].is_number());
}

TEST(StatisticsJson, HasQuantilesAndNullsWhereThereAreNone) {
  const auto ours = nlohmann::json::parse(to_json(sender_totals()))["railgun"];
  EXPECT_EQ(ours["latency_seconds"]["total"]["count"], 1);
  EXPECT_NEAR(ours["latency_seconds"]["total"]["p50"].get<double>(), 0.045, 0.005);
  EXPECT_TRUE(ours["latency_seconds"]["store"]["p99"].is_null());
  EXPECT_TRUE(ours["latency_seconds"].contains("decode"));
  EXPECT_FALSE(ours["latency_seconds"].contains("encode"));
  EXPECT_NEAR(ours["delta_ratio"]["p50"].get<double>(), 0.02, 0.004);
  EXPECT_EQ(ours["sites"]["a.test"]["saved_bytes"], 7'500);
}

TEST(StatisticsJson, ShowsEachCounter) {
  Totals totals = sender_totals();
  totals[&proxy::Counters::asked_again] = 1;
  totals[&page::CacheCounters::evictions] = 2;
  totals[&memcached::Counters::dropped_puts] = 3;
  auto ours = nlohmann::json::parse(to_json(totals))["railgun"];
  EXPECT_EQ(ours["asked_again"], 1);
  EXPECT_EQ(ours["cache_evictions"], 2);
  EXPECT_FALSE(ours.contains("memcached_dropped_puts")) << "there is no memcached";
  totals.has_memcached = true;
  ours = nlohmann::json::parse(to_json(totals))["railgun"];
  EXPECT_EQ(ours["memcached_dropped_puts"], 3);
}

// The original has one name for two numbers, by role.
TEST(StatisticsJson, GivesTheOriginalsNamesTheMeaningOfTheRole) {
  Totals totals;
  totals[&proxy::Counters::answers_527] = 1;
  totals[&proxy::Counters::origin_failures] = 2;
  EXPECT_EQ(nlohmann::json::parse(to_json(totals))["no_origin_response"], 2);
  totals.is_sender = true;
  EXPECT_EQ(nlohmann::json::parse(to_json(totals))["no_origin_response"], 1);
}

TEST(StatisticsJson, FitsALineOfTheLogWithoutItsLists) {
  Totals totals = sender_totals();
  for (int i = 0; i < 500; ++i) totals.sites["host" + std::to_string(i)].requests = 1;
  const std::string text = to_json(totals, Detail::kNoLists);
  EXPECT_LT(text.size(), 4000U);
  EXPECT_FALSE(nlohmann::json::parse(text)["railgun"].contains("sites"));
}

TEST(StatisticsMetrics, AreCumulativeHistograms) {
  const std::string text = to_prometheus(sender_totals());
  EXPECT_TRUE(has_line(text, "# TYPE railgun_latency_seconds histogram"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_bucket{phase=\"total\",le=\"0.02\"} 0"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_bucket{phase=\"total\",le=\"0.05\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_bucket{phase=\"total\",le=\"100\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_bucket{phase=\"total\",le=\"+Inf\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_sum{phase=\"total\"} 0.05"));
  EXPECT_TRUE(has_line(text, "railgun_latency_seconds_count{phase=\"total\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_delta_size_bytes_bucket{le=\"500\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_delta_ratio_bucket{le=\"0.02\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_site_answers_total{site=\"a.test\",way=\"delta\"} 1"));
  EXPECT_TRUE(has_line(text, "railgun_answers_total{way=\"delta\"} 1"));
  EXPECT_TRUE(has_line(text, "# HELP railgun_answers_total Answers by the way they took."));
}

TEST(StatisticsMetrics, NameEachFamilyOnceAndItsSamplesTogether) {
  Totals totals = sender_totals();
  totals.has_memcached = true;
  totals.memcached_is_down = true;
  add_links(totals, {link("one:2408", true, 20ms)});
  std::vector<std::string> families;
  std::string current;
  std::istringstream lines(to_prometheus(totals));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(std::count(families.begin(), families.end(), current), 0) << current;
      families.push_back(current);
    } else if (!line.starts_with('#')) {
      EXPECT_TRUE(line.starts_with(current)) << line;
    }
  }
  EXPECT_GT(families.size(), 45U);
}

TEST(StatisticsMetrics, EscapeWhatOthersNamed) {
  Totals totals;
  totals.sites["a\"b\\c\nd"].requests = 1;
  EXPECT_TRUE(has_line(to_prometheus(totals), R"(railgun_site_requests_total{site="a\"b\\c\nd"} 1)"));
}

TEST(Totals, PutLinksOfOnePeerTogether) {
  Totals totals;
  add_links(totals, {link("two", true, 30ms), link("one", false, std::nullopt), link("two", true, 20ms)});
  ASSERT_EQ(totals.peers.size(), 2U);
  EXPECT_EQ(totals.peers[0].peer, "one");
  EXPECT_EQ(totals.peers[0].up, 0U);
  EXPECT_FALSE(totals.peers[0].round_trip);
  EXPECT_EQ(totals.peers[1].links, 2U);
  EXPECT_EQ(totals.peers[1].streams, 4U);
  EXPECT_EQ(totals.peers[1].round_trip, Duration(20ms));
}

TEST(Totals, PutPeersBeyondTheBoundTogether) {
  std::vector<proxy::LinkStatus> links;
  for (std::size_t i = 0; i < kMostPeers + 30; ++i) links.push_back(link("peer" + std::to_string(i), true, 30ms));
  Totals totals;
  add_links(totals, links);
  ASSERT_EQ(totals.peers.size(), kMostPeers + 1);
  EXPECT_EQ(totals.peers.front().peer, "(other)");
  EXPECT_EQ(totals.peers.front().up, 30U);
}

}  // namespace
}  // namespace railgun::statistics
