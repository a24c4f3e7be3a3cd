// The statistics for Prometheus: text format 0.0.4. Pure.
#pragma once

#include <string>

#include "railgund/statistics/totals.h"

namespace railgun::statistics {

std::string to_prometheus(const Totals& totals);

}  // namespace railgun::statistics
