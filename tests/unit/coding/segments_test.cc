#include "railgund/coding/segments.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

Bytes noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  Bytes text(bytes);
  for (auto& byte : text) byte = static_cast<std::uint8_t>(random());
  return text;
}

std::vector<std::size_t> cuts_of(ByteView text) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < text.size(); cuts.push_back(at)) at += next_chunk(text.subspan(at)).bytes;
  return cuts;
}

TEST(Segments, AreCutBetweenTheirLimits) {
  const Bytes text = noise(300'000, 1);
  std::size_t last = 0;
  const auto cuts = cuts_of(text);
  for (const std::size_t cut : cuts) {
    if (cut < text.size()) {
      EXPECT_GE(cut - last, kLeastChunkBytes);
    }
    EXPECT_LE(cut - last, kMostChunkBytes);
    last = cut;
  }
  EXPECT_EQ(last, text.size());
  // 512 and a geometric mean of 1,024 that ends at 3,584: 1,504 bytes.
  EXPECT_NEAR(static_cast<double>(cuts.size()), 300'000 / 1504.0, 30);
}

TEST(Segments, EndWithTheTextIfItIsShort) {
  EXPECT_EQ(next_chunk(Bytes(1)), (Chunk{1, false}));
  EXPECT_EQ(next_chunk(Bytes(kLeastChunkBytes)).bytes, kLeastChunkBytes);
  // Zeros hash to zero: a cut at the first place where one may be.
  EXPECT_EQ(next_chunk(Bytes(100'000)), (Chunk{kLeastChunkBytes, true}));
  // A text without a cut.
  EXPECT_EQ(next_chunk(Bytes(100'000, 'a')).bytes, kMostChunkBytes);
}

TEST(Segments, AreTheSameAgainBehindAnInsertion) {
  const Bytes text = noise(100'000, 2);
  Bytes longer = text;
  longer.insert(longer.begin() + 20'000, 7, 'x');
  std::set<std::size_t> before;
  for (const std::size_t cut : cuts_of(text)) before.insert(cut);
  std::size_t same = 0;
  for (const std::size_t cut : cuts_of(longer)) {
    if (cut > 50'000) {
      EXPECT_TRUE(before.contains(cut - 7)) << cut;
    }
    same += before.contains(cut <= 20'000 ? cut : cut - 7) ? 1 : 0;
  }
  EXPECT_GE(same + 8, before.size());
}

}  // namespace
}  // namespace railgun::coding
