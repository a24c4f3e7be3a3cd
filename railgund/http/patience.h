// Deadlines from patience.
#pragma once

#include "railgund/base/time.h"

namespace railgun::http {

// Zero, or more than the clock has left, is never.
inline Instant after(Instant since, Duration patience) {
  if (patience <= Duration::zero() || patience >= kNever - since) return kNever;
  return since + patience;
}

}  // namespace railgun::http
