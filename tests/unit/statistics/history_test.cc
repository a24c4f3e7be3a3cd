#include "railgund/statistics/history.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace railgun::statistics {
namespace {

using namespace std::chrono_literals;

// A daemon after `samples` samples, ten requests and one millisecond more each.
struct Daemon {
  Totals totals;
  Histogram latency{kTimeScale};

  void step() {
    totals.time += 10s;
    totals.uptime_seconds += 10;
    totals[&proxy::Counters::requests_started] += 10;
    totals[&proxy::Counters::answers_delta] += 9;
    totals[&proxy::Counters::page_bytes] += 1000;
    totals[&proxy::Counters::coded_bytes] += 10;
    totals[&proxy::Counters::link_bytes_sent] += 2;
    totals[&proxy::Counters::link_bytes_received] += 3;
    totals[&proxy::Counters::clients_open] = 7;
    latency.record(1'000'000);
    totals.spread.total_time = HistogramCounts(kTimeScale);
    totals.spread.total_time.add(latency);
  }
};

TEST(History, SaysWhatHappenedInEachSample) {
  History history;
  Daemon daemon;
  daemon.step();
  history.add(daemon.totals);  // to compare with
  EXPECT_EQ(nlohmann::json::parse(history.to_json())["samples"], 0);
  daemon.step();
  history.add(daemon.totals);
  history.add(daemon.totals);
  const auto json = nlohmann::json::parse(history.to_json());
  EXPECT_EQ(json["samples"], 2);
  EXPECT_EQ(json["requests"], nlohmann::json({10, 0}));
  EXPECT_EQ(json["delta"], nlohmann::json({9, 0}));
  EXPECT_EQ(json["coded_bytes"], nlohmann::json({10, 0}));
  EXPECT_EQ(json["link_bytes"], nlohmann::json({5, 0}));
  EXPECT_EQ(json["clients"], nlohmann::json({7, 7}));
  EXPECT_EQ(json["time"], nlohmann::json({20, 20}));
  EXPECT_NEAR(json["total_p50_seconds"][0].get<double>(), 0.001, 0.0002);
  EXPECT_TRUE(json["total_p50_seconds"][1].is_null());
}

TEST(History, ForgetsWhatIsOlderThanAnHour) {
  History history;
  Daemon daemon;
  for (std::size_t i = 0; i < History::kSamples + 20; ++i) {
    daemon.step();
    history.add(daemon.totals);
  }
  const auto json = nlohmann::json::parse(history.to_json());
  EXPECT_EQ(json["samples"], History::kSamples);
  EXPECT_EQ(json["time"].size(), History::kSamples);
  EXPECT_EQ(json["time"].back(), 10 * (History::kSamples + 20));
}

TEST(History, KeepsRoundTripsOfPeersThatComeAndGo) {
  History history;
  Daemon daemon;
  history.add(daemon.totals);
  daemon.totals.peers = {{.peer = "b", .round_trip = 20ms}};
  history.add(daemon.totals);
  daemon.totals.peers = {{.peer = "a", .round_trip = 40ms}, {.peer = "b", .round_trip = {}}};
  history.add(daemon.totals);
  const auto links = nlohmann::json::parse(history.to_json())["links"];
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0]["peer"], "b");
  EXPECT_EQ(links[0]["round_trip_seconds"], nlohmann::json({0.02, nullptr}));
  EXPECT_EQ(links[1]["peer"], "a");
  EXPECT_EQ(links[1]["round_trip_seconds"], nlohmann::json({nullptr, 0.04}));
}

TEST(History, BoundsThePeersItFollows) {
  History history;
  Daemon daemon;
  history.add(daemon.totals);
  for (int i = 0; i < 100; ++i) daemon.totals.peers.push_back({.peer = std::to_string(i), .up = 1, .round_trip = 1ms});
  history.add(daemon.totals);
  const auto json = nlohmann::json::parse(history.to_json());
  EXPECT_EQ(json["links"].size(), History::kPeers);
  EXPECT_EQ(json["links_up"], nlohmann::json({100}));
}

TEST(History, TakesItsFirstSamplesSooner) {
  EXPECT_EQ(History::next_after(0), Duration(1s));
  EXPECT_EQ(History::next_after(8), Duration(4s));
  EXPECT_EQ(History::next_after(100'000), History::kInterval);
}

}  // namespace
}  // namespace railgun::statistics
