// Which tier a window is coded in: from what the parser left in gaps, the page's time budget and the link's speed, so
// that the time saved on the wire is not less than the time spent at both ends.
#pragma once

#include <cstddef>
#include <cstdint>

#include "railgund/delta/encoder.h"
#include "railgund/delta/format.h"

namespace railgun::delta {

// For a page without a reference: a thorough search saves more time on the link than it takes.
bool thorough_may_pay(const EncoderOptions& options);

class TierChoice {
 public:
  explicit TierChoice(const EncoderOptions& options) : options_(options), budget_(options.cpu_budget) {}

  // The tier of the page's next window; its cost leaves the budget. `primed`: the strong tier need not prepare itself.
  Tier tier(std::size_t gap_bytes, std::size_t instructions, bool primed);

  // Whether a good part of a window is new text, and the link so quick that zstd's thorough search pays: it sends about
  // 7 % more than the fast tier, for a fifth of both ends' CPU time. Pages of a crawler are like that. Never for first
  // visits, whose reference is little like them anyway.
  bool is_new_text(std::size_t gap_bytes, std::size_t window_bytes) const;

  // A walk so long that zstd might be shorter by more than a few bytes: then both are tried.
  static bool may_be_beaten(std::size_t payload_bytes) { return payload_bytes > 128; }

 private:
  EncoderOptions options_;
  Duration budget_;
};

}  // namespace railgun::delta
