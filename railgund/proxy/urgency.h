// How soon an answer is sent over a link that others wait for, too.
#pragma once

#include <cstdint>

#include "railgund/http/message.h"

namespace railgun::proxy {

// 0 (first) to 7 (last): what the request's Priority field says, and the answer's before it (RFC 9218 4.1, 8). Where
// neither does, by the answer's kind: pages and styles first, images and then everything else, which may be large, last.
std::uint8_t urgency_of(const http::Request& request, const http::Response& response);

}  // namespace railgun::proxy
