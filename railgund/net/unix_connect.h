// Connects to a Unix socket, which happens at once or not at all.
#pragma once

#include <string>

#include "railgund/base/descriptor.h"
#include "railgund/base/result.h"

namespace railgun::net {

// Errors: kInvalid if the path fits no address; kUnavailable with the reason: no such file, nobody listens, no
// permission, or too many connections wait.
Result<Descriptor> connect_unix(const std::string& path);

}  // namespace railgun::net
