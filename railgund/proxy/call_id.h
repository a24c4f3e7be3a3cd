#pragma once

#include <cstdint>

namespace railgun::proxy {

// One request to an origin. Given out by Origins, never used twice.
enum class CallId : std::uint64_t {};

}  // namespace railgun::proxy
