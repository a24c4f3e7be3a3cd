// Files of the state directory: replaced as a whole or not at all, readable by the daemon's user alone.
#pragma once

#include <string>
#include <string_view>

#include "railgund/base/result.h"

namespace railgun::activation {

// Writes beside the file, forces it to the disk, then puts it in place. Errors: kDenied, kUnavailable (disk full,
// read-only folder, no such folder), naming the file; what was there is still there.
Result<void> write_state_file(const std::string& path, std::string_view content);

// At most 4 MB. Errors: kNotFound, kDenied, kTooLarge, kUnavailable.
Result<std::string> read_state_file(const std::string& path);

}  // namespace railgun::activation
