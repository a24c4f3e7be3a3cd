// What the daemon has counted, gathered from all workers: the one value that the JSON, the Prometheus text, the last
// hour and the log are made from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/histogram.h"
#include "railgund/base/time.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/status.h"

namespace railgun::statistics {

// proxy::SiteCounters, summed up.
struct SiteTotals {
  std::uint64_t requests = 0, delta = 0, full = 0, stream = 0, direct = 0, failed = 0;
  std::uint64_t page_bytes = 0, coded_bytes = 0;
};

// proxy::Distributions, summed up.
struct SpreadTotals {
  HistogramCounts total_time{kTimeScale}, link_time{kTimeScale}, origin_time{kTimeScale}, store_time{kTimeScale};
  HistogramCounts encode_time{kTimeScale}, decode_time{kTimeScale};
  HistogramCounts page_bytes{kBytesScale}, delta_bytes{kBytesScale}, delta_parts{kPartsScale};
};

// All links to one peer.
struct PeerTotals {
  std::string peer;
  std::uint64_t links = 0, up = 0, streams = 0;
  std::optional<Duration> round_trip;  // the shortest: the others wait for something
};

struct StoreTotals {
  bool is_down = false;
  std::uint64_t hits = 0, misses = 0, timeouts = 0, failures = 0;
};

// Memory of the process.
struct MemoryUse {
  std::uint64_t allocated_bytes = 0;  // by the program; 0 where the C library does not say
  std::uint64_t resident_bytes = 0;
};

struct Totals {
  std::uint64_t requests_started = 0, requests_completed = 0, requests_failed = 0;
  std::uint64_t answers_delta = 0, answers_full = 0, answers_stream = 0, answers_direct = 0, answers_527 = 0;
  std::uint64_t page_bytes = 0, coded_bytes = 0;
  std::uint64_t link_bytes_sent = 0, link_bytes_received = 0, links_opened = 0, links_closed = 0;
  std::uint64_t references_named = 0, references_found = 0, check_failures = 0;
  std::uint64_t store_gets = 0, store_hits = 0, store_puts = 0;
  std::uint64_t clients_accepted = 0, clients_open = 0;
  std::uint64_t origin_connections = 0, origin_reused = 0, origin_retries = 0, origin_failures = 0, origin_bytes = 0;
  std::uint64_t cache_bytes = 0, cache_versions = 0, cache_limit_bytes = 0;
  std::uint64_t memory_allocated_bytes = 0, memory_resident_bytes = 0;
  SpreadTotals spread;
  std::map<std::string, SiteTotals> sites;  // by host, proxy::SiteTable::kOther among them if it has counted
  std::optional<StoreTotals> store;         // memcached, where there is one
  std::vector<PeerTotals> peers;            // by name; only where links were asked for
  double uptime_seconds = 0;
  WallTime time{};
  bool is_sender = false;
};

// Adds what one worker has counted.
void add_counters(Totals& totals, const proxy::Counters& counters);
// By peer: the first kMostPeers that are met, the rest together under proxy::SiteTable::kOther.
inline constexpr std::size_t kMostPeers = 200;
void add_links(Totals& totals, const std::vector<proxy::LinkStatus>& links);

// Bytes that stayed off the link.
std::uint64_t saved_bytes(std::uint64_t page_bytes, std::uint64_t coded_bytes);

}  // namespace railgun::statistics
