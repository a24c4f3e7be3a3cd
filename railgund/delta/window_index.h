// A sparse index of the reference for the parser: the hashes of the 16-byte windows that begin at every eighth byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/delta/compare.h"

namespace railgun::delta {

class WindowIndex {
 public:
  static constexpr std::size_t kWindow = 16;
  static constexpr std::size_t kStride = 8;

  explicit WindowIndex(ByteView page);

  // Positions whose window has the hash of the 16 bytes at `window`, rising: the first, and the next after another.
  // kNone: no more. Positions are windows' numbers, kStride bytes apart.
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::uint32_t first(const std::uint8_t* window) const { return heads_.empty() ? kNone : heads_[slot(window)]; }
  std::uint32_t next(std::uint32_t number) const { return nexts_[number]; }

  std::size_t memory_bytes() const { return (heads_.capacity() + nexts_.capacity()) * sizeof(std::uint32_t); }

 private:
  std::size_t slot(const std::uint8_t* window) const {
    std::uint64_t hash = load64(window) * 0x9e3779b185ebca87ULL ^ load64(window + 8) * 0xc2b2ae3d27d4eb4fULL;
    hash ^= hash >> 29;
    return static_cast<std::size_t>(hash * 0x9e3779b97f4a7c15ULL >> shift_);
  }

  unsigned shift_ = 63;
  std::vector<std::uint32_t> heads_;
  std::vector<std::uint32_t> nexts_;
};

}  // namespace railgun::delta
