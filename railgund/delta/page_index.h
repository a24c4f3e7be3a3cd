// A dense index of the reference for the models: where a text went on after the same six bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"

namespace railgun::delta {

class PageIndex {
 public:
  static constexpr unsigned kOrder = 6;

  explicit PageIndex(ByteView page);

  // The place behind the last occurrence of the lowest kOrder bytes of `recent` (the latest byte lowest), if the index
  // kept it; 0: none. May be wrong: the caller compares.
  std::uint32_t find(std::uint64_t recent) const { return places_.empty() ? 0 : places_[slot(recent)]; }

  // Asks memory for what find() reads.
  void prefetch(std::uint64_t recent) const {
    if (!places_.empty()) __builtin_prefetch(&places_[slot(recent)]);
  }

  static std::size_t memory_bytes_of(std::size_t page_bytes);
  std::size_t memory_bytes() const { return places_.capacity() * sizeof(std::uint32_t); }

 private:
  std::size_t slot(std::uint64_t recent) const {
    return static_cast<std::size_t>((recent << (64 - 8 * kOrder)) * 0x9e3779b97f4a7c15ULL >> shift_);
  }

  unsigned shift_ = 63;
  std::vector<std::uint32_t> places_;
};

}  // namespace railgun::delta
