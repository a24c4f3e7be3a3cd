// The statistics as JSON: the names and meanings of the original (doc/OPERATIONS.md, "Statistics"), and ours beside
// them. Pure.
#pragma once

#include <string>

#include "railgund/statistics/totals.h"

namespace railgun::statistics {

enum class Detail { kAll, kNoLists };  // without links and sites: for a line of the log

std::string to_json(const Totals& totals, Detail detail = Detail::kAll);

}  // namespace railgun::statistics
