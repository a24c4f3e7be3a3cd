#pragma once

#include <array>
#include <cstdint>

#include "railgund/base/bytes.h"

namespace railgun::tls {

std::array<std::uint8_t, 32> sha256(ByteView bytes);

}  // namespace railgun::tls
