// A small picture of a text that tells how alike two texts are, wherever equal stretches lie in them: the choice among
// several references is made by it. Takes about 5 us for 64 KB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "railgund/base/bytes.h"

namespace railgun::page {

class Sketch {
 public:
  // Of a longer text the first so many bytes.
  static constexpr std::size_t kTextBytes = 64 * 1024;
  static constexpr std::size_t kPlaces = 64;

  explicit Sketch(ByteView text);

  // 0 (nothing in common) to kPlaces (probably the same text): about the share of stretches that both have.
  unsigned likeness(const Sketch& other) const;

  // At most so many of its stretches, as hashes: those of the smallest hashes, so that texts that are alike have some in
  // common. Of a text without any it has none.
  static constexpr std::size_t kSamples = 8;
  std::vector<std::uint64_t> samples() const;

 private:
  // One-permutation hashing (Li, Owen, Zhang, https://arxiv.org/abs/1208.1259): stretches are chosen by their content,
  // and each place keeps the smallest hash of those that fall on it. kNone: none did.
  static constexpr std::uint32_t kNone = 0xffffffff;
  std::array<std::uint32_t, kPlaces> smallest_;
};

// The texts are equal nearly everywhere, place by place: seen by a few samples, in a fraction of a microsecond.
bool is_plainly_alike(ByteView text, ByteView reference);

}  // namespace railgun::page
