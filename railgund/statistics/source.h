// Where the statistics come from: what the service asks of the daemon. Called on the main loop.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/dictionary/shelf.h"
#include "railgund/memcached/client.h"
#include "railgund/page/cache.h"
#include "railgund/proxy/counters.h"
#include "railgund/proxy/status.h"

namespace railgun::statistics {

struct MemoryState {
  std::uint64_t limit_bytes = 0;    // memory.limit as applied
  std::uint64_t overload_step = 0;  // 0: none
  std::string overload{};           // what the step does; empty: none
};

class Source {
 public:
  virtual ~Source() = default;
  // The settings in force.
  virtual config::ConfigPtr settings() const = 0;
  virtual Instant started_at() const = 0;
  // Until then the process before this one may still hold an endpoint; if there was one.
  virtual Instant taking_over_until() const = 0;
  // One for each worker; valid as long as the source.
  virtual std::vector<const proxy::Counters*> worker_counters() const = 0;
  virtual page::CacheCounters cache_counters() const = 0;
  virtual MemoryState memory_state() const = 0;
  virtual dictionary::ShelfCounts shelf_counts() const = 0;
  virtual dictionary::LedgerCounts ledger_counts() const = 0;
  // Nothing without memcached.
  virtual std::optional<memcached::Counters> store_counters() const = 0;
  // Of the access log.
  virtual std::uint64_t dropped_access_lines() const = 0;
  // Asks the workers for their links. `done` is called once on the main loop, later.
  virtual void links(std::function<void(std::vector<proxy::LinkStatus>)> done) = 0;
};

}  // namespace railgun::statistics
