#include "railgund/page/frequency_sketch.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

Id128 page(int number) { return hash128(as_bytes("page " + std::to_string(number))); }

TEST(FrequencySketch, CountsUpToFifteen) {
  FrequencySketch sketch(1000);
  EXPECT_EQ(sketch.estimate(page(1)), 0u);
  for (unsigned i = 1; i <= 20; ++i) {
    sketch.count(page(1));
    EXPECT_EQ(sketch.estimate(page(1)), std::min(i, 15u));
  }
  EXPECT_EQ(sketch.estimate(page(2)), 0u);
}

TEST(FrequencySketch, SeldomTakesAStrangerForAFamousPage) {
  FrequencySketch sketch(1000);
  for (int i = 0; i < 500; ++i) sketch.count(page(i));
  int wrong = 0;
  for (int i = 0; i < 500; ++i) wrong += sketch.estimate(page(1000 + i)) > 0 ? 1 : 0;
  // Four rows of 1024, at most half of each taken: 0.39^4 of the strangers, about twelve of 500.
  EXPECT_LT(wrong, 40);
}

TEST(FrequencySketch, ForgetsOldFame) {
  FrequencySketch sketch(1024);
  for (int i = 0; i < 15; ++i) sketch.count(page(1));
  // 1024 counters a row: halved after each 10240 counts, so four times here.
  for (int i = 0; i < 10240 * 4; ++i) sketch.count(page(2));
  EXPECT_EQ(sketch.estimate(page(1)), 0u);
  EXPECT_GT(sketch.estimate(page(2)), 6u);
}

TEST(FrequencySketch, IsSmallAndSaysSo) {
  EXPECT_EQ(FrequencySketch(1000).memory_bytes(), 4096u);
  EXPECT_EQ(FrequencySketch(2000).memory_bytes(), 8192u);
}

}  // namespace
}  // namespace railgun::page
