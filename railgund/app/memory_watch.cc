#include "railgund/app/memory_watch.h"

#include <algorithm>
#include <string>
#include <utility>

#include "railgund/app/memory.h"
#include "railgund/log/log.h"

namespace railgun::app {
namespace {

// What requests under way may take besides memory.limit and what the program takes at its start.
constexpr std::uint64_t kWorkingMemory = 32 << 20;
// Memory may grow by as much in a second, so that steps are taken one by one.
constexpr std::uint64_t kLeastStep = 16 << 20;
constexpr unsigned kStepShare = 20;  // of the budget: one part in so many
constexpr Duration kTick = std::chrono::seconds(1);
// Returning memory to the system stops all threads that allocate for some milliseconds.
constexpr Duration kReturnInterval = std::chrono::seconds(5);

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MB"; }

page::Shortage shortage_at(OverloadStep step) {
  switch (step) {
    case OverloadStep::kNone:
    case OverloadStep::kDropPrepared:
      break;
    case OverloadStep::kKeepNothing:
      return page::Shortage::kKeepNothing;
    case OverloadStep::kNoDeltas:
    case OverloadStep::kAcceptNothing:
      return page::Shortage::kFindNothing;
    case OverloadStep::kAnswer503:
      return page::Shortage::kServeNothing;
  }
  return page::Shortage::kNone;
}

}  // namespace

page::CacheLimits cache_limits(const config::Config& config, std::size_t bytes) {
  return {.bytes = bytes, .prepared_share_bytes = bytes / 100 * config.memory_prepared_percent};
}

std::size_t applied_memory_limit(const config::Config& config) {
  const std::uint64_t usable = usable_bytes();
  const std::uint64_t limit = applied_limit(config.memory_limit_bytes, usable);
  if (limit < config.memory_limit_bytes) {
    log::notice("memory.limit: " + megabytes(config.memory_limit_bytes) + " is more than half of the " +
                megabytes(usable) + " that the machine or its cgroup has; using " + megabytes(limit));
  }
  return limit;
}

MemoryWatch::MemoryWatch(net::EventLoop& loop, page::Cache& cache, const config::Config& config,
                         std::size_t limit_bytes, std::function<void()> on_step)
    : loop_(loop), cache_(cache), config_(config), limit_bytes_(limit_bytes), on_step_(std::move(on_step)) {}

void MemoryWatch::start() {
  const std::uint64_t base = resident_bytes();
  if (base == 0 || !is_resident_memory_meaningful()) return;
  budget_bytes_ = limit_bytes_ + base + kWorkingMemory;
  overload_.emplace(OverloadLimits{.budget_bytes = budget_bytes_,
                                   .step_bytes = std::max(kLeastStep, budget_bytes_ / kStepShare),
                                   .cache_bytes = limit_bytes_});
  tick_.set(loop_.now() + kTick);
}

statistics::MemoryState MemoryWatch::state() const {
  return {.limit_bytes = limit_bytes_,
          .overload_step = static_cast<std::uint64_t>(step()),
          .overload = step() == OverloadStep::kNone ? "" : describe(step())};
}

void MemoryWatch::tend() {
  tick_.set(loop_.now() + kTick);
  const OverloadStep before = step();
  const std::size_t limit_before = overload_->cache_limit_bytes();
  const std::uint64_t resident = resident_bytes();
  overload_->update(resident, cache_.counters().bytes);
  const std::size_t limit = overload_->cache_limit_bytes();
  if (limit != limit_before) cache_.set_limits(cache_limits(config_, limit));
  if (step() != before) apply(before, resident);
  if (step() == OverloadStep::kNone) return;
  cache_.drop_prepared();
  if (loop_.now() < next_return_) return;
  next_return_ = loop_.now() + kReturnInterval;
  return_free_memory();
}

void MemoryWatch::apply(OverloadStep before, std::uint64_t resident) {
  cache_.set_shortage(shortage_at(step()));
  on_step_();
  const std::string memory = "memory: " + megabytes(resident) + " resident";
  if (step() > before) {
    log::notice(memory + ", over the budget of " + megabytes(budget_bytes_) +
                " (memory.limit and what the program needs besides): " + describe(step()) +
                "; raise memory.limit if the machine has more memory, or lower clients.limit");
  } else {
    log::notice(memory + ": " + (step() == OverloadStep::kNone ? "within the budget again" : describe(step())));
  }
}

}  // namespace railgun::app
