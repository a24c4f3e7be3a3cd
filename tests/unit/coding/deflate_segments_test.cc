#include "railgund/coding/deflate_segments.h"

#include <random>

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

Bytes noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  Bytes text(bytes);
  for (auto& byte : text) byte = static_cast<std::uint8_t>(random());
  return text;
}

TEST(DeflateSegments, EndOnAByteWithoutEndingTheStream) {
  DeflateSegments segments(6);
  Bytes coded;
  segments.code({1, 0}, {}, as_bytes("hello"), coded);
  // RFC 1951: "hello" in fixed codes, then the empty stored block of a flush (3.2.4).
  EXPECT_EQ(coded, (Bytes{0xca, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff}));
}

TEST(DeflateSegments, TellWhichGrainsTheyCopyFrom) {
  const Bytes context = noise(kContextBytes, 1);
  Bytes text = noise(100, 2);
  // 50 bytes from the middle of the third grain before the text, 20 across the border of the tenth and the eleventh.
  const auto third = context.end() - 3 * kGrainBytes + 10;
  text.insert(text.end(), third, third + 50);
  const auto tenth = context.end() - 10 * kGrainBytes - 10;
  text.insert(text.end(), tenth, tenth + 20);
  // From the text itself.
  text.insert(text.end(), text.begin(), text.begin() + 60);
  DeflateSegments segments(6);
  Bytes coded;
  segments.code({1, context.size()}, context, text, coded);
  EXPECT_LT(coded.size(), 140U);
  const auto grains = segments.grains_of(coded, text.size());
  ASSERT_TRUE(grains.has_value());
  Grains expected;
  for (const std::size_t grain : {2, 9, 10}) expected.set(grain);
  EXPECT_EQ(*grains, expected);
}

TEST(DeflateSegments, CopyFromNoGrainWithoutAContext) {
  DeflateSegments segments(6);
  const Bytes text(5000, 'a');
  Bytes coded;
  segments.code({1, 0}, {}, text, coded);
  EXPECT_EQ(segments.grains_of(coded, text.size()), Grains());
}

TEST(DeflateSegments, RefuseToJudgeWhatIsNotTheirs) {
  DeflateSegments segments(6);
  Bytes coded;
  segments.code({1, 0}, {}, as_bytes("hello"), coded);
  EXPECT_EQ(segments.grains_of(coded, 4), std::nullopt);
  EXPECT_EQ(segments.grains_of(coded, 6), std::nullopt);
  EXPECT_EQ(segments.grains_of(Bytes{0xff, 0xff}, 5), std::nullopt);
}

TEST(DeflateSegments, AreTheSameWhetherTheWindowIsThereOrMade) {
  const Bytes first = noise(20'000, 3);
  Bytes second = noise(500, 4);
  second.insert(second.end(), first.begin() + 5000, first.begin() + 6000);
  DeflateSegments segments(6);
  Bytes ignored;
  Bytes continued;
  segments.code({1, 0}, {}, first, ignored);
  segments.code({1, 20'000}, first, second, continued);
  Bytes begun;
  segments.code({2, 20'000}, first, second, begun);
  EXPECT_EQ(continued, begun);
  EXPECT_LT(begun.size(), 700U);
}

}  // namespace
}  // namespace railgun::coding
