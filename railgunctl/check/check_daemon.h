// What `check` makes of the daemon itself: its settings, whether it runs, its links. Pure.
#pragma once

#include <optional>
#include <string>

#include "railgunctl/check/finding.h"
#include "railgunctl/client.h"
#include "railgund/base/result.h"
#include "railgund/config/parser.h"
#include "railgund/control/status.h"

namespace railgun::ctl {

Findings judge_config(const std::string& path, const Result<config::ParsedConfig>& loaded);

// `answer`: of the daemon to `status`. `version`: of railgunctl.
Findings judge_daemon(const StatusAnswer& answer, const std::string& version);
Findings judge_links(const control::Status& status);

}  // namespace railgun::ctl
