// The statistics for Prometheus: text format 0.0.4. Pure.
#pragma once

#include <string>

#include "railgund/app/statistics.h"

namespace railgun::app {

std::string statistics_metrics(const Totals& totals);

}  // namespace railgun::app
