// How often a peer may do what costs us more than it costs the peer: a token bucket on the caller's clock.
#pragma once

#include <algorithm>

#include "railgund/base/time.h"

namespace railgun::link {

class RateLimit {
 public:
  // `burst` at once, and `per_second` in the long run.
  RateLimit(double per_second, double burst, Instant now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  // False if the peer has done it too often.
  bool take(Instant now) {
    if (now > at_) {
      tokens_ = std::min(burst_, tokens_ + per_second_ * std::chrono::duration<double>(now - at_).count());
      at_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  Instant at_;
};

}  // namespace railgun::link
