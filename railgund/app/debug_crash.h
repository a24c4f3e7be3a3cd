// Ways to crash on purpose, so that what a crash leaves can be looked at (debug.commands, railgunctl debug crash).
#pragma once

#include <string_view>

namespace railgun::app {

// "check": a failed check of ours. "exception": one that nobody catches. "segfault": a write to no address. "overflow":
// of the stack. Null for another name.
using Crash = void (*)();
Crash crash_by_name(std::string_view name);

}  // namespace railgun::app
