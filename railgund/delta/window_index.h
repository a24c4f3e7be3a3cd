// A sparse index of the reference for the parser: the hashes of the 16-byte windows that begin at every eighth byte.
// Most text looked up is new; a table of bits that stays in the CPU's cache says so at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/delta/compare.h"

namespace railgun::delta {

class WindowIndex {
 public:
  static constexpr std::size_t kWindow = 16;
  static constexpr std::size_t kStride = 8;

  explicit WindowIndex(ByteView page);

  static std::uint64_t hash_of(const std::uint8_t* window) {
    std::uint64_t hash = load64(window) * 0x9e3779b185ebca87ULL ^ load64(window + 8) * 0xc2b2ae3d27d4eb4fULL;
    hash ^= hash >> 29;
    return hash * 0x9e3779b97f4a7c15ULL;
  }
  // False: no window of the page has this hash.
  bool may_have(std::uint64_t hash) const {
    const std::uint64_t bit = hash >> bit_shift_;
    return (present_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  // Asks memory for what find() reads.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash >> slot_shift_]); }
  // Windows with this hash, and some others: their numbers, rising, kStride bytes apart. Valid as long as the index.
  struct Found {
    std::uint32_t first = 0;  // kNone: there are none
    std::span<const std::uint32_t> others;
  };
  static constexpr std::uint32_t kNone = 0xffffffff;
  Found find(std::uint64_t hash) const {
    const Slot* slot = &slots_[hash >> slot_shift_];
    return {slot[0].first, {others_.data() + slot[0].others, others_.data() + slot[1].others}};
  }

  std::size_t memory_bytes() const {
    return slots_.capacity() * sizeof(Slot) + others_.capacity() * sizeof(others_[0]) +
           present_.capacity() * sizeof(present_[0]);
  }

 private:
  struct Slot {
    std::uint32_t first = kNone;
    std::uint32_t others = 0;  // where they begin; the next slot's begin ends them
  };

  unsigned slot_shift_;
  unsigned bit_shift_;
  std::vector<std::uint64_t> present_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> others_;
};

}  // namespace railgun::delta
