#include "railgund/page/content_index.h"

#include <algorithm>

#include "railgund/base/bytes.h"

namespace railgun::page {
namespace {

std::uint64_t seed_of(const Holder& holder) { return hash64(holder.audience.bytes, holder.process); }

struct Tally {
  Id128 version;
  unsigned common;
};

}  // namespace

ContentIndex::ContentIndex(std::size_t limit_bytes)
    : buckets_(std::max<std::size_t>(limit_bytes / sizeof(Bucket), 1)) {}

// The mixing of SplitMix64 (Steele, Lea, Flood, https://doi.org/10.1145/2660193.2660195).
ContentIndex::Spot ContentIndex::spot(std::uint64_t seed, std::uint64_t sample) const {
  std::uint64_t mixed = (seed ^ sample) + 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
  mixed ^= mixed >> 31;
  return {.bucket = static_cast<std::size_t>((mixed >> 32) * buckets_ >> 32),
          .mark = static_cast<std::uint32_t>(mixed) | 1};
}

void ContentIndex::add(const Holder& holder, const Sketch& sketch, const Id128& version) {
  const std::uint64_t seed = seed_of(holder);
  const MutexLock lock(mutex_);
  if (table_.empty()) {
    table_.resize(buckets_);
    memory_bytes_.store(buckets_ * sizeof(Bucket), std::memory_order_relaxed);
  }
  for (const std::uint64_t sample : sketch.samples()) {
    const Spot at = spot(seed, sample);
    Bucket& bucket = table_[at.bucket];
    const bool is_known = std::ranges::any_of(
        bucket.hints, [&](const Hint& hint) { return hint.mark == at.mark && hint.version == version; });
    if (is_known) continue;
    bucket.hints[bucket.next] = {.mark = at.mark, .version = version};
    bucket.next = bucket.next + 1 < bucket.hints.size() ? bucket.next + 1 : 0;
  }
}

void ContentIndex::forget(const Holder& holder, const Sketch& sketch, const Id128& version) {
  const std::uint64_t seed = seed_of(holder);
  const MutexLock lock(mutex_);
  if (table_.empty()) return;
  for (const std::uint64_t sample : sketch.samples()) {
    const Spot at = spot(seed, sample);
    for (Hint& hint : table_[at.bucket].hints) {
      if (hint.mark == at.mark && hint.version == version) hint = {};
    }
  }
}

std::vector<Id128> ContentIndex::find(const Holder& holder, const Sketch& text) const {
  std::vector<Tally> seen;
  {
    const std::uint64_t seed = seed_of(holder);
    const std::vector<std::uint64_t> samples = text.samples();
    const MutexLock lock(mutex_);
    if (table_.empty()) return {};
    for (const std::uint64_t sample : samples) {
      const Spot at = spot(seed, sample);
      for (const Hint& hint : table_[at.bucket].hints) {
        if (hint.mark != at.mark) continue;
        const auto known = std::ranges::find(seen, hint.version, &Tally::version);
        if (known == seen.end()) {
          seen.push_back({.version = hint.version, .common = 1});
        } else {
          ++known->common;
        }
      }
    }
  }
  std::erase_if(seen, [](const Tally& one) { return one.common < kLeastCommon; });
  std::ranges::stable_sort(seen, std::ranges::greater{}, &Tally::common);
  std::vector<Id128> found;
  for (std::size_t i = 0; i < std::min(seen.size(), kMostFound); ++i) found.push_back(seen[i].version);
  return found;
}

}  // namespace railgun::page
