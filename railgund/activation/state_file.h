// Files of the state directory: replaced as a whole or not at all, readable by the daemon's user alone.
#pragma once

#include <string>
#include <string_view>

#include "railgund/base/result.h"

namespace railgun::activation {

// As replace_file(). Errors: kDenied, kUnavailable (disk full, no such folder), with the path and what to do.
Result<void> write_state_file(const std::string& path, std::string_view content);

// At most 4 MB. Errors: those of read_file().
Result<std::string> read_state_file(const std::string& path);

}  // namespace railgun::activation
