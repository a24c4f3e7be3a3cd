// How far a transfer has come against its minimum rate.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "railgund/base/time.h"

namespace railgun::http {

// A transfer fails at `since` + its timeout. Returns the new `since` after `bytes` were moved: later by the time that
// they may take at the minimum rate, at most now. So a peer that keeps the rate never reaches the deadline, a silent one
// reaches it after the timeout, and one at half of the rate after twice the timeout. `bytes_per_second` of 0: there is
// no minimum rate, any byte is enough.
inline Instant after_progress(Instant since, std::size_t bytes, std::size_t bytes_per_second, Instant now) {
  if (bytes_per_second == 0 || now <= since) return now;
  // More than a day's worth of bytes would only be capped; the product below must not overflow.
  constexpr std::uint64_t kMostBytes = 1'000'000'000;
  const std::uint64_t nanoseconds = std::min<std::uint64_t>(bytes, kMostBytes) * 1'000'000'000 / bytes_per_second;
  const Duration earned = std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
  return earned >= now - since ? now : since + earned;
}

}  // namespace railgun::http
