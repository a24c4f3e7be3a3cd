#include "railgund/proxy/deadlines.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using std::chrono::seconds;

TEST(Deadlines, GiveTheEarliestAndThenTheNext) {
  Deadlines<int> deadlines;
  const Instant start{};
  EXPECT_EQ(deadlines.earliest(), kNever);
  deadlines.set(1, start + seconds(5));
  deadlines.set(2, start + seconds(3));
  EXPECT_EQ(deadlines.earliest(), start + seconds(3));
  EXPECT_FALSE(deadlines.take_due(start + seconds(2)));
  EXPECT_EQ(deadlines.take_due(start + seconds(9)), 2);
  EXPECT_EQ(deadlines.take_due(start + seconds(9)), 1);
  EXPECT_FALSE(deadlines.take_due(start + seconds(9)));
}

TEST(Deadlines, AreReplacedAndRemoved) {
  Deadlines<int> deadlines;
  const Instant start{};
  deadlines.set(1, start + seconds(5));
  deadlines.set(1, start + seconds(7));
  EXPECT_FALSE(deadlines.take_due(start + seconds(6)));
  deadlines.remove(1);
  EXPECT_EQ(deadlines.earliest(), kNever);
}

}  // namespace
}  // namespace railgun::proxy
