#include "railgund/coding/segment_cache.h"

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

Id128 id(std::uint8_t number) {
  Id128 made;
  made.bytes.front() = number;
  made.bytes.back() = number;
  return made;
}

CodedSegment segment(std::size_t bytes) { return {.coded = Bytes(bytes)}; }

TEST(SegmentCache, KeepsWhatWasUsedLatelyWithinItsLimit) {
  SegmentCache cache(4000);  // three of 1,000 bytes and what they cost besides
  for (std::uint8_t number = 1; number <= 3; ++number) cache.put(id(number), segment(1000));
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_NE(cache.find(id(1)), nullptr);
  cache.put(id(4), segment(1000));
  EXPECT_EQ(cache.find(id(2)), nullptr);
  EXPECT_NE(cache.find(id(1)), nullptr);
  EXPECT_NE(cache.find(id(3)), nullptr);
  EXPECT_NE(cache.find(id(4)), nullptr);
  EXPECT_LE(cache.bytes(), 4000U);
}

TEST(SegmentCache, ReplacesWhatHasTheSameKey) {
  SegmentCache cache(10'000);
  cache.put(id(1), segment(1000));
  const std::size_t before = cache.bytes();
  cache.put(id(1), segment(10));
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.bytes(), before - 990);
  EXPECT_EQ(cache.find(id(1))->coded.size(), 10U);
}

TEST(SegmentCache, RefusesWhatIsOverItsLimit) {
  SegmentCache cache(1000);
  cache.put(id(1), segment(100));
  cache.put(id(2), segment(1000));
  EXPECT_EQ(cache.find(id(2)), nullptr);
  EXPECT_NE(cache.find(id(1)), nullptr);
  SegmentCache none(0);
  none.put(id(1), segment(0));
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.bytes(), 0U);
}

TEST(SeenChunks, KnowWhatWasNotedUntilItsPlaceIsTaken) {
  SeenChunks seen(2);
  EXPECT_FALSE(seen.note(id(1)));
  EXPECT_TRUE(seen.note(id(1)));
  EXPECT_FALSE(seen.note(id(2)));
  EXPECT_TRUE(seen.note(id(1)));
  EXPECT_FALSE(seen.note(id(3)));
  EXPECT_FALSE(seen.note(id(2)));
  EXPECT_TRUE(seen.note(id(3)));
}

}  // namespace
}  // namespace railgun::coding
