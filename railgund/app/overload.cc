#include "railgund/app/overload.h"

#include <algorithm>

namespace railgun::app {
namespace {

constexpr unsigned kLastStep = static_cast<unsigned>(OverloadStep::kAnswer503);
// The cache never falls below this part of its full limit: where something else takes the memory, an empty cache would
// not help.
constexpr std::size_t kLeastCacheShare = 16;
// The cache gets room back in so many calls.
constexpr std::size_t kGrowCalls = 32;

}  // namespace

const char* describe(OverloadStep step) {
  switch (step) {
    case OverloadStep::kNone:
      return "nothing is given up";
    case OverloadStep::kDropPrepared:
      return "tables prepared for coding are dropped";
    case OverloadStep::kKeepNothing:
      return "new page versions are not kept";
    case OverloadStep::kNoDeltas:
      return "pages are sent without deltas";
    case OverloadStep::kAcceptNothing:
      return "new connections wait";
    case OverloadStep::kAnswer503:
      return "new clients get status 503";
  }
  return "";
}

void Overload::update(std::uint64_t resident_bytes, std::size_t cache_bytes) {
  auto now = static_cast<unsigned>(step_);
  if (now > 0 && resident_bytes + limits_.step_bytes / 2 < threshold(now)) --now;
  while (now < kLastStep && resident_bytes > threshold(now + 1)) ++now;
  step_ = static_cast<OverloadStep>(now);

  const std::size_t least = limits_.cache_bytes / kLeastCacheShare;
  if (resident_bytes > limits_.budget_bytes) {
    const std::uint64_t excess = resident_bytes - limits_.budget_bytes;
    const std::size_t from = std::min(cache_limit_, cache_bytes);
    cache_limit_ = std::max<std::size_t>(least, from - std::min<std::uint64_t>(from, excess));
  } else if (resident_bytes + limits_.step_bytes < limits_.budget_bytes) {
    cache_limit_ = std::min(limits_.cache_bytes, cache_limit_ + limits_.cache_bytes / kGrowCalls);
  }
}

}  // namespace railgun::app
