// Time as cores see it: an argument, never a clock of their own.
#pragma once

#include <chrono>

namespace railgun {

using Duration = std::chrono::nanoseconds;
// A point on a clock that only goes forward; its zero means nothing.
using Instant = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Seconds of the calendar, for certificates and log lines.
using WallTime = std::chrono::sys_seconds;

// A deadline that never comes.
inline constexpr Instant kNever = Instant::max();

}  // namespace railgun
