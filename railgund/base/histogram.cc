#include "railgund/base/histogram.h"

#include <numeric>

namespace railgun {

void HistogramCounts::add(const Histogram& histogram) {
  RAILGUN_CHECK(scale == &histogram.scale_);
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += histogram.buckets_[i].load(std::memory_order_relaxed);
  sum += histogram.sum_.load(std::memory_order_relaxed);
}

void HistogramCounts::add(const HistogramCounts& counts) {
  RAILGUN_CHECK(scale == counts.scale);
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += counts.buckets[i];
  sum += counts.sum;
}

HistogramCounts HistogramCounts::since(const HistogramCounts& before) const {
  HistogramCounts difference(*scale);
  for (std::size_t i = 0; i < buckets.size(); ++i) difference.buckets[i] = buckets[i] - before.buckets[i];
  difference.sum = sum - before.sum;
  return difference;
}

std::uint64_t HistogramCounts::count() const {
  return std::accumulate(buckets.begin(), buckets.end(), std::uint64_t{0});
}

std::optional<double> HistogramCounts::quantile(double share) const {
  const std::uint64_t all = count();
  if (all == 0) return std::nullopt;
  const std::span<const std::uint64_t> bounds = scale->bounds();
  const double wanted = share * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto here = static_cast<double>(buckets[i]);
    if (here > 0 && below + here >= wanted) {
      const double lower = i == 0 ? 0 : static_cast<double>(bounds[i - 1]);
      return lower + (static_cast<double>(bounds[i]) - lower) * std::max(0.0, wanted - below) / here;
    }
    below += here;
  }
  return static_cast<double>(bounds.back());
}

}  // namespace railgun
