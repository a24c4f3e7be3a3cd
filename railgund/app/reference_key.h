// The key of this listener's reference ids: 32 random bytes in a file, made at first start. Listeners that share a
// memcached share the file (setting reference.secret_file), or they do not find each other's pages.
#pragma once

#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/config/config.h"

namespace railgun::app {

struct ReferenceKey {
  Bytes key;
  std::string warning;  // not empty: it will be another one after a restart, and why
};

// Reads the file, or makes it if there is none. Errors: kInvalid for a file that is not 64 hex digits; those of
// read_file() and replace_file() for one that the settings name.
Result<ReferenceKey> load_reference_key(const config::Config& config);

}  // namespace railgun::app
