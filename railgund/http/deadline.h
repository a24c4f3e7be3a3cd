// Deadlines from timeouts.
#pragma once

#include "railgund/base/time.h"

namespace railgun::http {

// kNever for a timeout of zero, and for one that the clock cannot hold.
inline Instant deadline_after(Instant since, Duration timeout) {
  if (timeout <= Duration::zero() || timeout >= kNever - since) return kNever;
  return since + timeout;
}

}  // namespace railgun::http
