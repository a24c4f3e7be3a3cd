// The clocks. Shells read them; cores are told the time (doc/ARCHITECTURE.md, "Three kinds of file").
#pragma once

#include <cstdint>

#include "railgund/base/time.h"

namespace railgun::net {

// For deadlines: goes forward only.
inline Instant steady_now() { return std::chrono::steady_clock::now(); }
// For certificates and for people: the calendar, in whole seconds. May jump when the clock is set.
inline WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }
// The same in microseconds since 1970: to number things above those of an earlier process.
inline std::uint64_t wall_microseconds() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

}  // namespace railgun::net
