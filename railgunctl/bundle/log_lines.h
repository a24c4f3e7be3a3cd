// Railgun's own lines of the system's log, newest last.
#pragma once

#include <string>

#include "railgund/base/result.h"

namespace railgun::ctl {

// Reads at most the last 64 MB of a log file and keeps at most the last `most` bytes of lines that name railgun.
// Errors: kNotFound, kDenied, kUnavailable.
Result<std::string> log_lines_of_file(const std::string& path, std::size_t most);

// The same of the journal, by journalctl, in at most three seconds. Errors: kUnavailable if it cannot be run or has
// nothing.
Result<std::string> log_lines_of_journal(std::size_t most);

}  // namespace railgun::ctl
