#include "railgund/memcached/breaker.h"

#include <gtest/gtest.h>

namespace railgun::memcached {
namespace {

using namespace std::chrono_literals;

TEST(Breaker, OpensAfterSoManyFailuresInARow) {
  const Instant now{1s};
  Breaker breaker(3, 1s, 10s);
  EXPECT_FALSE(breaker.failed(now));
  EXPECT_FALSE(breaker.failed(now));
  EXPECT_FALSE(breaker.succeeded());
  EXPECT_FALSE(breaker.failed(now));
  EXPECT_FALSE(breaker.failed(now));
  EXPECT_TRUE(breaker.allow(now));
  EXPECT_TRUE(breaker.failed(now));
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.allow(now + 999ms));
}

TEST(Breaker, LetsOneProbeThroughWhenThePauseIsOver) {
  const Instant now{1s};
  Breaker breaker(1, 1s, 10s);
  breaker.failed(now);
  EXPECT_TRUE(breaker.would_allow(now + 1s));
  EXPECT_TRUE(breaker.allow(now + 1s));
  EXPECT_FALSE(breaker.would_allow(now + 1s));
  EXPECT_FALSE(breaker.allow(now + 1s));
  EXPECT_TRUE(breaker.succeeded());
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(breaker.allow(now + 1s));
}

TEST(Breaker, DoublesThePauseWithEachFailedProbeUpToTheLongest) {
  Instant now{1s};
  Breaker breaker(1, 1s, 3s);
  breaker.failed(now);
  for (const Duration pause : {1s, 2s, 3s, 3s}) {
    EXPECT_FALSE(breaker.allow(now + pause - 1ns));
    now += pause;
    EXPECT_TRUE(breaker.allow(now));
    breaker.failed(now);
  }
  now += 3s;
  EXPECT_TRUE(breaker.allow(now));
  breaker.succeeded();
  breaker.failed(now);
  EXPECT_TRUE(breaker.allow(now + 1s));  // and begins anew
}

TEST(Breaker, TakesALateFailureForNoProbe) {
  const Instant now{1s};
  Breaker breaker(1, 1s, 10s);
  breaker.failed(now);
  breaker.failed(now + 900ms);  // it was under way when the breaker opened
  EXPECT_TRUE(breaker.allow(now + 1s));
}

}  // namespace
}  // namespace railgun::memcached
