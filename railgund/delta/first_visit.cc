#include "railgund/delta/first_visit.h"

#include <algorithm>

#include "railgund/delta/starting_text.h"
#include "railgund/delta/tier_choice.h"

namespace railgun::delta {
namespace {

constexpr int kAssetShare = 10;
// So that windows leave while the rest is coded: the strong tier takes 6 ms for one.
constexpr std::size_t kAssetWindow = 32 * 1024;
// A link for which the strong tier always pays.
constexpr std::uint64_t kSlowestLink = 1;

}  // namespace

FirstVisit plan_first_visit(EncoderOptions options, bool is_asset) {
  if (options.effort == Effort::kStrong) return {.reference = starting_text(), .options = options};
  if (options.effort != Effort::kAuto || !thorough_may_pay(options)) return {.reference = nullptr, .options = options};
  if (is_asset) {
    options.cpu_budget *= kAssetShare;
    options.link_bytes_per_second = kSlowestLink;
    options.window_bytes = std::min(options.window_bytes, kAssetWindow);
  }
  options.is_first_visit = true;
  return {.reference = starting_text(), .options = options};
}

}  // namespace railgun::delta
