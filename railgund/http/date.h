// The time of day as HTTP writes it.
#pragma once

#include <string>

#include "railgund/base/time.h"

namespace railgun::http {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string date_text(WallTime time);

}  // namespace railgun::http
