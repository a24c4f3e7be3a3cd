// Keeps the process within memory.limit: reads its resident memory every second, and carries out what Overload decides.
// Runs on the main loop.
#pragma once

#include <functional>
#include <optional>

#include "railgund/app/overload.h"
#include "railgund/config/config.h"
#include "railgund/net/event_loop.h"
#include "railgund/page/cache.h"
#include "railgund/statistics/source.h"

namespace railgun::app {

// The limits of a page cache that may use so many bytes.
page::CacheLimits cache_limits(const config::Config& config, std::size_t bytes);
// memory.limit as it is applied on this machine. Logs if that is less than the setting says.
std::size_t applied_memory_limit(const config::Config& config);

class MemoryWatch {
 public:
  // `limit_bytes`: memory.limit as applied. `on_step`: is_accepting() may have changed. Cache and loop outlive it.
  MemoryWatch(net::EventLoop& loop, page::Cache& cache, const config::Config& config, std::size_t limit_bytes,
              std::function<void()> on_step);

  // What is resident now is what the program needs besides memory.limit. Does nothing where resident memory cannot be
  // read or judged.
  void start();

  // New connections are accepted: not while the shortage lasts at which they wait.
  bool is_accepting() const { return step() != OverloadStep::kAcceptNothing; }
  statistics::MemoryState state() const;

 private:
  OverloadStep step() const { return overload_ ? overload_->step() : OverloadStep::kNone; }
  void tend();
  void apply(OverloadStep before, std::uint64_t resident);

  net::EventLoop& loop_;
  page::Cache& cache_;
  config::Config config_;
  std::size_t limit_bytes_;
  std::function<void()> on_step_;
  std::uint64_t budget_bytes_ = 0;
  std::optional<Overload> overload_;  // once started
  Instant next_return_{};             // of free memory to the system
  net::Timer tick_{loop_, [this] { tend(); }};
};

}  // namespace railgun::app
