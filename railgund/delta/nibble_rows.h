// Tables of nibble statistics: a row holds how a nibble is distributed in one context. Arithmetic in eight lanes of 16
// bits, which every CPU of ours has; the results are the same everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "railgund/base/bytes.h"

namespace railgun::delta {

struct alignas(32) NibbleRow {
  // below[s]: how many of 32768 belong to the symbols up to and with s. The last is always 32768, so its place counts
  // the events seen instead.
  std::uint16_t below[16];
};

namespace nibble {

using Lanes = std::int16_t __attribute__((vector_size(16)));

inline constexpr int kTotal = 32768;
// The least any symbol gets, so that the sums stay rising whatever the rounding.
inline constexpr int kFloor = 36;
inline constexpr unsigned kMaxSeen = 255;

struct alignas(32) Targets {
  std::int16_t below[16][16];
};
constexpr Targets make_targets() {
  Targets all{};
  for (int s = 0; s < 16; ++s) {
    for (int k = 0; k < 15; ++k) {
      all.below[s][k] = static_cast<std::int16_t>(k >= s ? kTotal - (15 - k) * kFloor : (k + 1) * kFloor);
    }
  }
  return all;
}
inline constexpr Targets kTargets = make_targets();

// The more was seen, the less one event changes.
constexpr std::array<std::uint8_t, 256> make_rates() {
  std::array<std::uint8_t, 256> all{};
  for (int n = 0; n < 256; ++n) all[n] = n < 1 ? 1 : n < 3 ? 2 : n < 8 ? 3 : n < 40 ? 4 : 5;
  return all;
}
inline constexpr std::array<std::uint8_t, 256> kRates = make_rates();

inline NibbleRow even_row() {
  NibbleRow row{};
  for (int s = 0; s < 15; ++s) row.below[s] = static_cast<std::uint16_t>((s + 1) * (kTotal / 16));
  return row;
}

// `to` becomes `from` after one more `symbol`; the two may be one.
inline void learn(const NibbleRow& from, NibbleRow& to, unsigned symbol) {
  const std::int16_t* target = kTargets.below[symbol];
  Lanes low;
  Lanes high;
  Lanes low_target;
  Lanes high_target;
  std::memcpy(&low, from.below, 16);
  std::memcpy(&high, from.below + 8, 16);
  std::memcpy(&low_target, target, 16);
  std::memcpy(&high_target, target + 8, 16);
  const unsigned seen = from.below[15];
  const int rate = kRates[seen];
  low += (low_target - low) >> rate;
  high += (high_target - high) >> rate;
  std::memcpy(to.below, &low, 16);
  std::memcpy(to.below + 8, &high, 16);
  to.below[15] = static_cast<std::uint16_t>(seen < kMaxSeen ? seen + 1 : seen);
}

// a + (b - a) / 2^shift.
inline void blend(const std::uint16_t* a, const std::uint16_t* b, int shift, std::uint16_t* to) {
  Lanes low_a;
  Lanes high_a;
  Lanes low_b;
  Lanes high_b;
  std::memcpy(&low_a, a, 16);
  std::memcpy(&high_a, a + 8, 16);
  std::memcpy(&low_b, b, 16);
  std::memcpy(&high_b, b + 8, 16);
  low_a += (low_b - low_a) >> shift;
  high_a += (high_b - high_a) >> shift;
  std::memcpy(to, &low_a, 16);
  std::memcpy(to + 8, &high_a, 16);
}

}  // namespace nibble

// The contexts of a byte: the byte before it, and the two before it, hashed.
class NibbleContexts {
 public:
  static constexpr std::size_t kHigh2Bits = 11;
  static constexpr std::size_t kLow2Bits = 13;
  static constexpr std::size_t kHigh1 = 0;
  static constexpr std::size_t kLow1 = kHigh1 + 256;
  static constexpr std::size_t kHigh2 = kLow1 + 256 * 16;
  static constexpr std::size_t kLow2 = kHigh2 + (std::size_t{1} << kHigh2Bits);
  static constexpr std::size_t kRows = kLow2 + (std::size_t{1} << kLow2Bits);

  // `recent`: the last bytes, the latest lowest.
  explicit NibbleContexts(std::uint64_t recent)
      : last_(static_cast<std::size_t>(recent & 0xff)),
        hash2_(static_cast<std::uint32_t>(recent & 0xffff) * 0x9e3779b1U) {}

  std::size_t high1() const { return kHigh1 + last_; }
  std::size_t high2() const { return kHigh2 + (hash2_ >> (32 - kHigh2Bits)); }
  std::size_t low1(unsigned high) const { return kLow1 + last_ * 16 + high; }
  std::size_t low2(unsigned high) const {
    return kLow2 + ((hash2_ + (high + 1) * 0x85ebca6bU) * 0xc2b2ae35U >> (32 - kLow2Bits));
  }

 private:
  std::size_t last_;
  std::uint32_t hash2_;
};

// Rows that learned from a whole reference (a sample of it, if it is long). Immutable, shared.
class PrimedRows {
 public:
  // `page` may be empty: rows that know nothing.
  explicit PrimedRows(ByteView page);
  const NibbleRow* rows() const { return rows_.get(); }
  std::size_t memory_bytes() const { return NibbleContexts::kRows * sizeof(NibbleRow); }

 private:
  std::unique_ptr<NibbleRow[]> rows_;
};

}  // namespace railgun::delta
