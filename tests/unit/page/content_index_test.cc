#include "railgund/page/content_index.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }

Sketch sketch(unsigned seed, std::size_t lines = 500) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) text += to_hex(name(std::to_string(seed) + "." + std::to_string(i))) + "\n";
  return Sketch(as_bytes(text));
}

const Holder kHere{.process = 7, .audience = name("everybody")};
constexpr std::size_t kTable = 64 * 1024;

TEST(ContentIndex, FindsAVersionByItsContent) {
  ContentIndex index(kTable);
  EXPECT_TRUE(index.find(kHere, sketch(1)).empty());
  index.add(kHere, sketch(1), name("1"));
  index.add(kHere, sketch(2), name("2"));
  EXPECT_EQ(index.find(kHere, sketch(1)), (std::vector{name("1")}));
  EXPECT_EQ(index.find(kHere, sketch(2)), (std::vector{name("2")}));
  EXPECT_TRUE(index.find(kHere, sketch(3)).empty());
}

TEST(ContentIndex, FindsNothingForOthers) {
  ContentIndex index(kTable);
  index.add(kHere, sketch(1), name("1"));
  EXPECT_TRUE(index.find({.process = 8, .audience = kHere.audience}, sketch(1)).empty());
  EXPECT_TRUE(index.find({.process = 7, .audience = name("ann")}, sketch(1)).empty());
}

TEST(ContentIndex, NamesTheOneWithTheMostInCommonFirst) {
  ContentIndex index(kTable);
  // The longer a text, the fewer of its samples are in its first part.
  index.add(kHere, sketch(1, 300), name("shorter"));
  index.add(kHere, sketch(1, 500), name("same"));
  const auto found = index.find(kHere, sketch(1, 500));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], name("same"));
  EXPECT_LE(found.size(), ContentIndex::kMostFound);
}

TEST(ContentIndex, ForgetsWhatAHolderHasLost) {
  ContentIndex index(kTable);
  const Holder other{.process = 8, .audience = kHere.audience};
  index.forget(kHere, sketch(1), name("1"));
  index.add(kHere, sketch(1), name("1"));
  index.add(other, sketch(1), name("1"));
  index.forget(kHere, sketch(1), name("1"));
  EXPECT_TRUE(index.find(kHere, sketch(1)).empty());
  EXPECT_EQ(index.find(other, sketch(1)), (std::vector{name("1")}));
}

TEST(ContentIndex, TakesMemoryForItsFirstHintAndNoMore) {
  ContentIndex index(kTable);
  EXPECT_EQ(index.memory_bytes(), 0U);
  for (unsigned i = 0; i < 1000; ++i) index.add(kHere, sketch(i, 40), name(std::to_string(i)));
  EXPECT_EQ(index.memory_bytes(), kTable);
  // The last ones are there.
  EXPECT_EQ(index.find(kHere, sketch(999, 40)), (std::vector{name("999")}));
}

TEST(ContentIndex, KnowsNothingOfATextWithoutSamples) {
  ContentIndex index(1);
  const Sketch empty{ByteView{}};
  EXPECT_TRUE(empty.samples().empty());
  index.add(kHere, empty, name("1"));
  EXPECT_TRUE(index.find(kHere, empty).empty());
}

}  // namespace
}  // namespace railgun::page
