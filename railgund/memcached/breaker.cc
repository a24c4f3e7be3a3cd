#include "railgund/memcached/breaker.h"

#include <algorithm>
#include <utility>

namespace railgun::memcached {

bool Breaker::allow(Instant now) {
  if (!would_allow(now)) return false;
  probing_ = open_;
  return true;
}

bool Breaker::succeeded() {
  failures_ = 0;
  probing_ = false;
  pause_ = shortest_;
  return std::exchange(open_, false);
}

bool Breaker::failed(Instant now) {
  ++failures_;
  if (open_) {
    // Operations that were under way when it opened fail too; only the probe's failure says something new.
    if (!std::exchange(probing_, false)) return false;
    pause_ = std::min(pause_ * 2, longest_);
    until_ = now + pause_;
    return false;
  }
  if (failures_ < failures_limit_) return false;
  open_ = true;
  until_ = now + pause_;
  return true;
}

}  // namespace railgun::memcached
