// Everything that `check` looks at, in the order in which it is told.
#pragma once

#include <string>
#include <vector>

#include "railgunctl/check/finding.h"
#include "railgunctl/context.h"
#include "railgund/base/time.h"

namespace railgun::ctl {

struct CheckOptions {
  std::vector<std::string> hosts{};            // whose origins are tried, besides those that are known
  Duration timeout = std::chrono::seconds(3);  // for each group of things on the network
};
// Does what it can where the settings cannot be read or no daemon runs.
Findings check_all(const Context& context, const CheckOptions& options);

}  // namespace railgun::ctl
