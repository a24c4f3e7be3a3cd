// Looks at this machine for `check`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgunctl/check/check_machine.h"
#include "railgund/config/config.h"

namespace railgun::ctl {

// `others` and `certificate` are the caller's to add.
ClockFacts clock_facts();
KernelFacts kernel_facts(const config::Config& config);
// `daemon_pid`: 0 if it does not run.
LimitFacts limit_facts(const config::Config& config, long daemon_pid);
// Those that are there and that this user may look at. `config_path`: railgun.conf itself.
std::vector<FileFacts> file_facts(const config::Config& config, const std::string& config_path);
std::vector<DiskFacts> disk_facts(const config::Config& config);

}  // namespace railgun::ctl
