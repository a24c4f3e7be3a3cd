// Which of the newly read settings take effect in a running daemon.
#pragma once

#include "railgund/base/result.h"
#include "railgund/config/config.h"

namespace railgun::config {

// The configuration to run with after a reload: `parsed`, but with every setting that only a restart changes
// (Takes::kRestart in settings_table.h) as it is in `running`. diff_configs(running, parsed) lists both kinds, each
// time again until the restart.
// Errors: kInvalid, "KEY: why", if the new values contradict those that stay in force.
Result<Config> merge_reloadable(const Config& running, Config parsed);

}  // namespace railgun::config
