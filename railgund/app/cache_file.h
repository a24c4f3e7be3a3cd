// The file in which page versions outlast a stop of the daemon and a start of the machine (the setting cache.directory).
#pragma once

#include <cstddef>
#include <string>

#include "railgund/base/descriptor.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/page/cache.h"

namespace railgun::app {

// DIRECTORY/versions.
std::string cache_file(const std::string& directory);

struct SavedCache {
  std::size_t versions = 0, bytes = 0;  // of the file
};

// Replaces the file by a snapshot (page/snapshot.h) of the versions that may be stored, newest first, as many as fit in
// so many bytes and `timeout`. Only the daemon's user may read it. Errors: kNotFound, kDenied, kUnavailable, with the
// path; the file that was there is still there then.
Result<SavedCache> save_cache(const page::Cache& cache, const std::string& directory, std::size_t limit_bytes,
                              Duration timeout);

// Opens it for SnapshotIntake. Errors: kNotFound (there is none); kDenied: it cannot be opened, or others than the
// daemon's user can write to it.
Result<Descriptor> open_cache_file(const std::string& directory);

}  // namespace railgun::app
