// The last hour in samples, so that the page of the statistics is full when it is opened. Pure; bounded: about 250
// bytes for a sample and 16 for each link in it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/statistics/totals.h"

namespace railgun::statistics {

class History {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);
  // An hour of them, and the few that a daemon takes sooner in its first half minute.
  static constexpr std::size_t kSamples = 366;
  // Peers with a round trip of their own; the ones that were seen first.
  static constexpr std::size_t kPeers = 8;

  // How long after the last sample the next is due. A daemon that has just started takes the first ones sooner.
  static Duration next_after(double uptime_seconds);

  // `totals`: with links. The first one is what later ones are compared with.
  void add(const Totals& totals);
  // doc/OPERATIONS.md, "Statistics". One list a quantity, all of one length: a sample is what happened since the one
  // before it, in "seconds" seconds up to "time". Quantiles of nothing are null.
  std::string to_json() const;
  // Takes the samples of such a text in place of those that are here, and compares with nothing before the next add().
  // False, and nothing has changed: it is no such text.
  bool restore(std::string_view json);

 private:
  struct Sample {
    WallTime time{};
    double seconds = 0;
    std::vector<std::uint64_t> numbers;                                  // of the rows that have a name in the history
    std::optional<double> total_p50, total_p99, origin_p50, origin_p99;  // seconds
    std::vector<std::optional<double>> round_trips;                      // seconds, in the order of peers_
    std::uint64_t links_up = 0;
  };

  std::vector<std::optional<double>> round_trips_of(const Totals& totals);

  std::optional<Totals> last_;
  std::vector<std::string> peers_;
  std::deque<Sample> samples_;
};

}  // namespace railgun::statistics
