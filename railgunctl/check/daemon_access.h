// Whether a running daemon may connect to a Unix socket: with the rights of its user, and where it sees the file system.
#pragma once

#include <string>

#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::ctl {

// Connects as process `pid` could, and closes the connection. Errors: kNotFound: it does not see the file; kDenied: it may not
// connect; kUnavailable: nothing can be told, because this process is not root's or there is no such process. Whatever else is
// wrong with the socket is no error here: this process can see it for itself.
Result<void> connect_as_daemon(long pid, const std::string& path, Instant deadline);

}  // namespace railgun::ctl
