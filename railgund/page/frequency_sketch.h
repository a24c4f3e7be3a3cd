// How often a page was asked for lately, in a fixed and small space: a count-min sketch of four rows of counters up to
// 15, all halved from time to time so that old fame fades (TinyLFU, Einziger et al., https://arxiv.org/abs/1512.00727).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/hash.h"

namespace railgun::page {

// Thread-safe without locks: counts that race are lost, which a sketch can bear.
class FrequencySketch {
 public:
  // `pages`: about how many different ones are worth telling apart.
  explicit FrequencySketch(std::size_t pages);

  void count(const Id128& page);
  // 0 to 15; never less than what was counted since the last halving, up to that limit.
  unsigned estimate(const Id128& page) const;

  std::size_t memory_bytes() const;

 private:
  void halve();

  std::size_t width_;  // counters a row, a power of two
  std::unique_ptr<std::atomic<std::uint8_t>[]> counters_;
  std::atomic<std::size_t> counted_ = 0;  // since the last halving
};

}  // namespace railgun::page
