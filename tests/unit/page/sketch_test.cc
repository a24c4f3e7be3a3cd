#include "railgund/page/sketch.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

std::string words(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) text += "<p>" + std::to_string(random()) + "</p>\n";
  return text;
}

unsigned likeness(const std::string& a, const std::string& b) {
  return Sketch(as_bytes(a)).likeness(Sketch(as_bytes(b)));
}

TEST(Sketch, OfTheSameTextIsTheSame) {
  const std::string text = words(1, 60'000);
  EXPECT_EQ(likeness(text, text), Sketch::kPlaces);
  EXPECT_LE(likeness(text, words(2, 60'000)), 1U);
}

TEST(Sketch, FindsEqualStretchesWhereverTheyLie) {
  const std::string text = words(1, 40'000);
  EXPECT_GE(likeness(text, "something new in front of it" + text), Sketch::kPlaces - 4);
  const unsigned half = likeness(text, text.substr(0, 20'000) + words(3, 20'000));
  EXPECT_GT(half, 10U);
  EXPECT_LT(half, 40U);
}

TEST(Sketch, TakesShortTexts) {
  for (std::size_t size : {0, 1, 15, 16, 79, 80, 200}) {
    const std::string text = words(1, 300).substr(0, size);
    EXPECT_LE(likeness(text, text), Sketch::kPlaces);
  }
  EXPECT_EQ(likeness("", ""), 0U);
}

TEST(PlainLikeness, IsSeenPlaceByPlace) {
  const std::string text = words(1, 40'000);
  std::string changed = text;
  changed.replace(20'000, 32, std::string(32, 'x'));
  EXPECT_TRUE(is_plainly_alike(as_bytes(text), as_bytes(changed)));
  EXPECT_FALSE(is_plainly_alike(as_bytes(text), as_bytes("<" + text)));
  EXPECT_FALSE(is_plainly_alike(as_bytes(text), as_bytes(text.substr(0, 4095))));
}

TEST(Sketch, HasSamplesInCommonWithTextsThatAreLikeIt) {
  const std::string text = words(1, 60'000);
  const auto samples = Sketch(as_bytes(text)).samples();
  EXPECT_EQ(samples.size(), Sketch::kSamples);
  const auto common = [&](const std::string& other) {
    const auto others = Sketch(as_bytes(other)).samples();
    return std::ranges::count_if(samples,
                                 [&](std::uint64_t one) { return std::ranges::find(others, one) != others.end(); });
  };
  EXPECT_GE(common("in front" + text), 7);
  EXPECT_GE(common(text.substr(0, 30'000) + words(2, 30'000)), 2);
  EXPECT_EQ(common(words(3, 60'000)), 0);
}

}  // namespace
}  // namespace railgun::page
