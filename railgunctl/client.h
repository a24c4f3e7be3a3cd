// Asks the daemon over its control socket (doc/CONTROL.md).
#pragma once

#include <expected>
#include <string>

#include "railgunctl/context.h"
#include "railgund/base/time.h"
#include "railgund/control/message.h"

namespace railgun::ctl {

// Where the daemon's socket is: --socket, else `control.socket` of the configuration, else the packages' place.
std::string socket_path(const Context& context);

// One request, one answer: the JSON of the result. Gives up after `patience`.
std::expected<std::string, Failure> ask(const std::string& socket, const control::Request& request,
                                        Duration patience = std::chrono::seconds(10));

}  // namespace railgun::ctl
