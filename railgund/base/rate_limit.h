// Rate limits on the caller's clock: a burst at once, then one each interval in the long run.
#pragma once

#include <algorithm>

#include "railgund/base/time.h"

namespace railgun {

struct Rate {
  unsigned burst = 1;   // at once; at least 1
  Duration interval{};  // of one, in the long run
};

// What has been used of a Rate. One instant, so that a table of many costs little: when the next one would be due if
// they came evenly (a token bucket written as the generic cell rate algorithm, ITU-T I.371 A).
class RateUse {
 public:
  bool has_room(const Rate& rate, Instant now) const { return due_ <= now + rate.interval * (rate.burst - 1); }
  void add(const Rate& rate, Instant now) { due_ = std::max(due_, now) + rate.interval; }

 private:
  Instant due_ = Instant::min();
};

class RateLimit {
 public:
  explicit RateLimit(Rate rate) : rate_(rate) {}

  // False, and nothing is used, if there were too many.
  bool take(Instant now) {
    if (!use_.has_room(rate_, now)) return false;
    use_.add(rate_, now);
    return true;
  }

 private:
  Rate rate_;
  RateUse use_;
};

}  // namespace railgun
