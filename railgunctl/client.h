// Asks the daemon over its control socket (doc/CONTROL.md).
#pragma once

#include <expected>
#include <string>

#include "railgunctl/context.h"
#include "railgund/base/time.h"
#include "railgund/control/message.h"
#include "railgund/control/status.h"

namespace railgun::ctl {

// Where the daemon's socket is: --socket, else `control.socket` of the configuration, else the packages' place.
std::string socket_path(const Context& context);

inline constexpr Duration kAskTimeout = std::chrono::seconds(10);

// One request, one answer: the JSON of the result. `timeout`: of the whole exchange.
std::expected<std::string, Failure> ask(const std::string& socket, const control::Request& request,
                                        Duration timeout = kAskTimeout);

using StatusAnswer = std::expected<control::Status, Failure>;
StatusAnswer ask_status(const Context& context, Duration timeout = kAskTimeout);

}  // namespace railgun::ctl
