// What the daemon gives up when its memory grows over the limit, step by step. A core: resident memory goes in once a
// second, the step in force and the room that the page cache may use come out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace railgun::app {

// Each step includes those before it.
enum class OverloadStep : std::uint8_t {
  kNone,
  kDropPrepared,   // tables prepared for coding are dropped
  kKeepNothing,    // new page versions are not kept
  kNoDeltas,       // no version is used as a reference
  kAcceptNothing,  // new connections wait in the kernel's queue
  kAnswer503,      // new clients get status 503 with Retry-After; new links are closed
};

// For the log and `railgunctl status`: what the step does.
const char* describe(OverloadStep step);

struct OverloadLimits {
  std::uint64_t budget_bytes = 0;  // resident memory that is right: memory.limit and what the program needs besides
  std::uint64_t step_bytes = 1;  // the first step is taken at the budget, and one more for each so many bytes above it
  std::size_t cache_bytes = 0;   // the most the page cache may use
};

class Overload {
 public:
  explicit Overload(const OverloadLimits& limits) : limits_(limits), cache_limit_(limits.cache_bytes) {}

  // `resident_bytes`: of the process. `cache_bytes`: that the page cache uses of them. Steps are taken at once, and
  // taken back one a call, when memory is half a step below where the step was taken.
  void update(std::uint64_t resident_bytes, std::size_t cache_bytes);

  OverloadStep step() const { return step_; }
  // The cache gives way first: over the budget its limit falls by the excess, well below the budget it rises again.
  std::size_t cache_limit_bytes() const { return cache_limit_; }

 private:
  // Memory at which that step is taken.
  std::uint64_t threshold(unsigned step) const { return limits_.budget_bytes + (step - 1) * limits_.step_bytes; }

  OverloadLimits limits_;
  OverloadStep step_ = OverloadStep::kNone;
  std::size_t cache_limit_;
};

}  // namespace railgun::app
