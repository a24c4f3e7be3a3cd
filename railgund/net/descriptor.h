// The shell's name for a file descriptor that closes itself.
#pragma once

#include "railgund/base/descriptor.h"

namespace railgun::net {

using railgun::Descriptor;

}  // namespace railgun::net
