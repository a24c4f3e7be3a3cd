// What the daemon has counted, gathered from all workers: the one value that the JSON, the Prometheus text, the history
// and the log line are made from. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/status.h"
#include "railgund/statistics/metrics_table.h"

namespace railgun::statistics {

// All links to one peer.
struct PeerTotals {
  std::string peer;
  std::uint64_t links = 0, up = 0, streams = 0;
  std::optional<Duration> round_trip;  // the shortest, because longer ones include waiting
};

struct Totals {
  Numbers numbers;
  SpreadTotals spread;
  std::map<std::string, SiteTotals> sites;  // by host; what has no place of its own under proxy::SiteTable::kOther
  std::vector<PeerTotals> peers;            // by name; empty unless add_links() was called
  bool has_memcached = false;
  bool memcached_is_down = false;
  double uptime_seconds = 0;
  WallTime time{};
  bool is_sender = false;

  std::uint64_t operator[](Member member) const { return numbers[member]; }
  std::uint64_t& operator[](Member member) { return numbers[member]; }
};

// Adds what one worker has counted.
void add_counters(Totals& totals, const proxy::Counters& counters);
// By peer: the first kMostPeers of the list, the rest together under proxy::SiteTable::kOther.
inline constexpr std::size_t kMostPeers = 200;
void add_links(Totals& totals, const std::vector<proxy::LinkStatus>& links);

// Bytes that did not have to cross the link.
std::uint64_t saved_bytes(std::uint64_t page_bytes, std::uint64_t coded_bytes);

}  // namespace railgun::statistics
