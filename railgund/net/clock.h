// The clocks. Shells read them; cores are told the time (doc/ARCHITECTURE.md, "Three kinds of file").
#pragma once

#include "railgund/base/time.h"

namespace railgun::net {

// For deadlines: goes forward only.
inline Instant steady_now() { return std::chrono::steady_clock::now(); }
// For certificates and for people: the calendar, in whole seconds. May jump when the clock is set.
inline WallTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace railgun::net
