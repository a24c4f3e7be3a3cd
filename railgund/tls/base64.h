// Bytes as text of the base64 alphabet, padded (RFC 4648 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/bytes.h"

namespace railgun::tls {

std::string to_base64(ByteView bytes);
// Padding may be missing. Nothing for what is not base64.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace railgun::tls
