// What the daemon has counted, as the original's JSON and as Prometheus text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "railgund/app/worker.h"
#include "railgund/base/time.h"

namespace railgun::app {

// Sums over all workers, and what belongs to the process.
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
  double uptime_seconds = 0;
  WallTime time{};
  bool is_sender = false;
};

// Adds what the workers have counted.
void add_workers(Totals& totals, const std::vector<std::unique_ptr<Worker>>& workers);
// Reads /proc/self/statm and asks the allocator.
void add_memory(Totals& totals);

// The names and meanings of the original (doc/OPERATIONS.md, "Statistics"), and ours beside them.
std::string statistics_json(const Totals& totals);
// Prometheus text format 0.0.4.
std::string statistics_metrics(const Totals& totals);

}  // namespace railgun::app
