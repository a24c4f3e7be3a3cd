// Decides whether memcached is worth asking: after some failures in a row it is left alone for a while, then tried with
// one operation; each try that fails doubles the pause.
#pragma once

#include <cstdint>

#include "railgund/base/time.h"

namespace railgun::memcached {

// Not thread-safe.
class Breaker {
 public:
  // `failures`: so many in a row open it. The pause grows from `shortest` to `longest`.
  Breaker(unsigned failures, Duration shortest, Duration longest)
      : failures_limit_(failures), shortest_(shortest), longest_(longest), pause_(shortest) {}

  // Whether an operation would be allowed now.
  bool would_allow(Instant now) const { return !open_ || (!probing_ && now >= until_); }
  // The same for an operation that is carried out at once: when the pause is over, one gets a yes (the probe) and the
  // others wait for its outcome.
  bool allow(Instant now);
  // What came of an operation that was allowed. True if that closed or opened the breaker.
  bool succeeded();
  bool failed(Instant now);

  // Open, or waiting for the probe's outcome.
  bool is_open() const { return open_; }

 private:
  const unsigned failures_limit_;
  const Duration shortest_, longest_;
  unsigned failures_ = 0;
  bool open_ = false, probing_ = false;
  Duration pause_;
  Instant until_{};
};

}  // namespace railgun::memcached
