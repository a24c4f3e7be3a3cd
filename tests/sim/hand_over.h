// The page versions of a process at an upgrade in place.
#pragma once

#include <string>

#include "railgund/page/cache.h"

namespace railgun::sim {

// The cache becomes that of the successor: empty, or with the versions as a snapshot brings them (page/snapshot.h). Empty, or
// what went wrong. `has_room`: for all of them.
std::string hand_over(page::Cache& cache, bool keeps_versions, bool has_room);

}  // namespace railgun::sim
