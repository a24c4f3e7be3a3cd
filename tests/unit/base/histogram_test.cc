#include "railgund/base/histogram.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

HistogramCounts counts_of(const Histogram& histogram, const HistogramScale& scale) {
  HistogramCounts counts(scale);
  counts.add(histogram);
  return counts;
}

TEST(HistogramScale, HasTenBoundsADecadeInWholeUnits) {
  constexpr HistogramScale scale(10, 2);
  const std::vector<std::uint64_t> expected = {10,  13,  16,  20,  25,  32,  40,  50,  63,  80,  100,
                                               125, 160, 200, 250, 315, 400, 500, 630, 800, 1000};
  EXPECT_EQ(std::vector<std::uint64_t>(scale.bounds().begin(), scale.bounds().end()), expected);
  std::vector<std::uint64_t> round;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (HistogramScale::is_round(i)) round.push_back(expected[i]);
  }
  EXPECT_EQ(round, (std::vector<std::uint64_t>{10, 20, 50, 100, 200, 500, 1000}));
}

TEST(HistogramScale, CountsABoundInItsOwnBucket) {
  constexpr HistogramScale scale(10, 2);
  EXPECT_EQ(scale.bucket_of(0), 0U);
  EXPECT_EQ(scale.bucket_of(10), 0U);
  EXPECT_EQ(scale.bucket_of(11), 1U);
  EXPECT_EQ(scale.bucket_of(1000), 20U);
  EXPECT_EQ(scale.bucket_of(1001), 21U);
  EXPECT_EQ(scale.bucket_of(UINT64_MAX), 21U);
}

TEST(HistogramScale, CountsWholeUnitsBelowTen) {
  Histogram histogram(kBytesScale);
  for (int i = 0; i < 3; ++i) histogram.record(4);
  const HistogramCounts counts = counts_of(histogram, kBytesScale);
  EXPECT_DOUBLE_EQ(*counts.quantile(1), 4);
  EXPECT_DOUBLE_EQ(*counts.quantile(0), 3);
  EXPECT_EQ(kBytesScale.bounds()[kBytesScale.bucket_of(1)], 1U);
  EXPECT_EQ(kBytesScale.bounds()[kBytesScale.bucket_of(2)], 2U);
}

TEST(HistogramScale, SpansWhatItSays) {
  EXPECT_EQ(kTimeScale.bounds().front(), 1'000U);
  EXPECT_EQ(kTimeScale.bounds().back(), 100'000'000'000U);
  EXPECT_EQ(kBytesScale.bounds().back(), 100'000'000U);
  EXPECT_EQ(kPartsScale.bounds().back(), 10'000'000U);
}

TEST(Histogram, HasNoQuantilesWithoutValues) {
  const Histogram histogram(kBytesScale);
  EXPECT_EQ(counts_of(histogram, kBytesScale).count(), 0U);
  EXPECT_FALSE(counts_of(histogram, kBytesScale).quantile(0.5));
}

TEST(Histogram, ReadsQuantilesBetweenABucketsBounds) {
  Histogram histogram(kBytesScale);
  for (int i = 0; i < 4; ++i) histogram.record(110);  // above 100, up to 125
  const HistogramCounts counts = counts_of(histogram, kBytesScale);
  EXPECT_EQ(counts.count(), 4U);
  EXPECT_EQ(counts.sum, 440U);
  EXPECT_DOUBLE_EQ(*counts.quantile(0), 100);
  EXPECT_DOUBLE_EQ(*counts.quantile(0.5), 112.5);
  EXPECT_DOUBLE_EQ(*counts.quantile(1), 125);
}

TEST(Histogram, TellsTheMedianFromTheTail) {
  Histogram histogram(kTimeScale);
  for (int i = 0; i < 98; ++i) histogram.record(2'000'000);
  for (int i = 0; i < 2; ++i) histogram.record(900'000'000);
  const HistogramCounts counts = counts_of(histogram, kTimeScale);
  EXPECT_NEAR(*counts.quantile(0.5), 1'800'000, 200'000);
  EXPECT_NEAR(*counts.quantile(0.99), 900'000'000, 100'000'000);
}

TEST(Histogram, KeepsWhatIsAboveAllBounds) {
  Histogram histogram(kBytesScale);
  histogram.record(UINT32_MAX);
  const HistogramCounts counts = counts_of(histogram, kBytesScale);
  EXPECT_EQ(counts.count(), 1U);
  EXPECT_EQ(counts.buckets[kBytesScale.bounds().size()], 1U);
  EXPECT_DOUBLE_EQ(*counts.quantile(0.5), 100'000'000);
}

TEST(Histogram, AddsUpOverThreadsAndTellsWhatIsNew) {
  Histogram one(kBytesScale), other(kBytesScale);
  one.record(20);
  HistogramCounts before(kBytesScale);
  before.add(one);
  before.add(other);
  other.record(5000);
  HistogramCounts now(kBytesScale);
  now.add(one);
  now.add(other);
  EXPECT_EQ(now.count(), 2U);
  const HistogramCounts fresh = now.since(before);
  EXPECT_EQ(fresh.count(), 1U);
  EXPECT_EQ(fresh.sum, 5000U);
  EXPECT_DOUBLE_EQ(*fresh.quantile(1), 5000);
}

}  // namespace
}  // namespace railgun
