// How values are spread: counts in fixed buckets, ten to a decade, so that a quantile read from them is off by an
// eighth at most. A Histogram is written by one thread and read by any; HistogramCounts is what was read, a plain
// value.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "railgund/base/check.h"

namespace railgun {

// The upper bounds of the buckets, each inclusive: Renard's series of ten (1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8),
// decade after decade, in whole units (so that some below ten are the same, and only the first of those counts). What
// is above the last has a bucket of its own.
class HistogramScale {
 public:
  static constexpr std::size_t kMostBounds = 81;

  // `least`: the first bound, a power of ten.
  constexpr HistogramScale(std::uint64_t least, unsigned decades) : size_(decades * kSeries.size() + 1) {
    RAILGUN_CHECK(size_ <= kMostBounds);
    for (std::size_t i = 0; i < size_; ++i) {
      const std::uint64_t hundredfold = kSeries[i % kSeries.size()] * least;
      bounds_[i] = (hundredfold + 50) / 100;
      if (i % kSeries.size() + 1 == kSeries.size()) least *= 10;
    }
  }

  constexpr std::span<const std::uint64_t> bounds() const { return std::span(bounds_).first(size_); }
  // The one to count `value` in; bounds().size() for what is above all.
  constexpr std::size_t bucket_of(std::uint64_t value) const {
    return static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.begin() + size_, value) -
                                    bounds_.begin());
  }
  // Whether the bound is 1, 2 or 5 times a power of ten: enough of them for what is read by people and Prometheus.
  static constexpr bool is_round(std::size_t bound) {
    const std::size_t place = bound % kSeries.size();
    return place == 0 || place == 3 || place == 7;
  }

 private:
  static constexpr std::array<std::uint64_t, 10> kSeries = {100, 125, 160, 200, 250, 315, 400, 500, 630, 800};

  std::array<std::uint64_t, kMostBounds> bounds_{};
  std::size_t size_;
};

class Histogram {
 public:
  // `scale`: one of those below, or another that outlives it.
  constexpr explicit Histogram(const HistogramScale& scale) : scale_(scale) {}

  // By one thread alone.
  void record(std::uint64_t value) {
    bump(buckets_[scale_.bucket_of(value)], 1);
    bump(sum_, value);
  }

 private:
  friend struct HistogramCounts;

  // With one writer a load and a store do, without a bus lock.
  static void bump(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  const HistogramScale& scale_;
  std::array<std::atomic<std::uint64_t>, HistogramScale::kMostBounds + 1> buckets_{};
  std::atomic<std::uint64_t> sum_ = 0;
};

struct HistogramCounts {
  const HistogramScale* scale;
  std::array<std::uint64_t, HistogramScale::kMostBounds + 1> buckets{};
  std::uint64_t sum = 0;

  explicit HistogramCounts(const HistogramScale& the_scale) : scale(&the_scale) {}

  // Adds what a histogram of the same scale holds.
  void add(const Histogram& histogram);
  void add(const HistogramCounts& counts);
  // What came after `before`, an earlier reading of the same.
  HistogramCounts since(const HistogramCounts& before) const;

  std::uint64_t count() const;
  // Below which lies a share of `share` (0 to 1) of all values; between a bucket's bounds they are taken to be spread
  // evenly. Above the last bound, the last bound. Nothing if there are no values.
  std::optional<double> quantile(double share) const;
};

// Nanoseconds, from one microsecond to a hundred seconds.
inline constexpr HistogramScale kTimeScale(1000, 8);
// Bytes, from one to a hundred million.
inline constexpr HistogramScale kBytesScale(1, 8);
// Parts of a million, from a hundred thousandth to ten times the whole.
inline constexpr HistogramScale kPartsScale(10, 6);

}  // namespace railgun
