#include "railgund/delta/gap_history.h"

#include <vector>

#include <gtest/gtest.h>

namespace railgun::delta {
namespace {

constexpr std::uint64_t kFiveAs = 0x6161616161;

TEST(GapHistory, FindsWhereTheSameTextWentOn) {
  GapHistory history;
  for (const char c : {'x', 'a', 'a', 'a', 'a', 'a'}) history.push_unindexed(static_cast<std::uint8_t>(c));
  history.enter(kFiveAs);
  const std::uint32_t place = history.end();
  for (const char c : {'y', 'a', 'a', 'a', 'a', 'a'}) history.push_unindexed(static_cast<std::uint8_t>(c));
  const auto found = history.find(kFiveAs);
  EXPECT_EQ(found.place, place);
  EXPECT_EQ(found.length, 5U);
}

// The byte before the first one was whatever the heap held: two ends could take a match for a byte longer or shorter,
// and the same page became different deltas from one run to the next.
TEST(GapHistory, SeesNothingBeforeItsBeginning) {
  for (int round = 0; round < 8; ++round) {
    {
      // What the next allocation of that size may well be given.
      const std::vector<std::uint8_t> left_behind(1 << 16, 'a');
      ASSERT_EQ(left_behind.front(), 'a');
    }
    GapHistory history;
    for (int i = 0; i < 5; ++i) history.push_unindexed('a');
    history.enter(kFiveAs);
    for (int i = 0; i < 8; ++i) history.push_unindexed('a');
    EXPECT_EQ(history.find(kFiveAs).length, 5U);
  }
}

}  // namespace
}  // namespace railgun::delta
