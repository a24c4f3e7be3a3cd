// What support asks about the machine: versions, limits, kernel settings, listening sockets.
#pragma once

#include <string>

namespace railgun::ctl {

// `root`: put before every path, for a system that is mounted somewhere; empty for this one.
// `daemon_pid`: 0 if it does not run.
std::string system_report(const std::string& root, long daemon_pid);

}  // namespace railgun::ctl
