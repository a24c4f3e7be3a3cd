// Statistics of bytes by context, in rows of one nibble: the fifteen decisions that spell it. A row is half a cache
// line.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"

namespace railgun::delta {

// How likely the next bit is set: 12 bits of probability, and 4 that count what was seen.
class BitSlot {
 public:
  // Of 65536.
  std::uint32_t p() const { return value_ & 0xfff0U; }
  unsigned seen() const { return value_ & 15U; }
  void learn(bool bit) {
    const int p12 = value_ >> 4;
    const unsigned n = seen();
    const int to = bit ? 4095 : 0;
    const int next = p12 + ((to - p12) * kRates[n] >> 10);
    value_ = static_cast<std::uint16_t>(next << 4 | (n < kLimit ? n + 1 : n));
  }

 private:
  static constexpr unsigned kLimit = 15;
  static constexpr std::array<int, 16> kRates = {640, 410, 300, 235, 190, 160, 140, 122,
                                                 110, 100, 92,  85,  78,  72,  66,  60};
  std::uint16_t value_ = 0x8000;
};

// Bit 1: the nibble's first; 2 and 3: its second after a 0 or a 1; and so on.
struct alignas(32) NibbleRow {
  // Of the context whose statistics these are.
  std::uint16_t mark = 0;
  BitSlot bits[15];
  BitSlot& bit(unsigned node) { return bits[node - 1]; }
};

// The contexts of a byte: the one to four bytes before it, hashed.
class NibbleContexts {
 public:
  static constexpr std::size_t kOrders = 4;
  // Where a row is, and the mark that tells its context from others of the same place.
  struct Place {
    std::uint32_t index;
    std::uint16_t mark;
  };
  using Rows = std::array<Place, kOrders>;
  static constexpr std::array<unsigned, kOrders> kBits = {13, 13, 14, 14};
  static constexpr std::array<std::uint32_t, kOrders + 1> kBegin = {0, 1U << 13, 1U << 14, 1U << 15, 3U << 14};

  // References below 32 KB halve the tables, below 16 KB once more, and so on, so that memory stays below some fifty times the page.
  static unsigned halvings(std::size_t page_bytes) {
    const auto width = static_cast<unsigned>(std::bit_width(page_bytes));
    return width >= 16 ? 0 : width <= 11 ? 5 : 16 - width;
  }
  static std::size_t rows_of(std::size_t page_bytes) { return kBegin[kOrders] >> halvings(page_bytes); }

  // `recent`: the last bytes, the latest lowest.
  NibbleContexts(std::uint64_t recent, unsigned halvings) : halvings_(halvings) {
    for (unsigned k = 0; k < kOrders; ++k) {
      hashes_[k] = static_cast<std::uint32_t>(((recent << (56 - 8 * k)) + k) * 0x9e3779b97f4a7c15ULL >> 32);
    }
  }

  // The rows of the high nibble (`before` 0), and of the low one (1 + the high one); the shortest context first.
  Rows rows(unsigned before) const {
    Rows all;
    for (std::size_t k = 0; k < kOrders; ++k) {
      const std::uint32_t hash = (hashes_[k] ^ before * 0x2c1b3c6dU) * 0x85ebca6bU;
      all[k] = {(kBegin[k] >> halvings_) + (hash >> (32 - kBits[k] + halvings_)), static_cast<std::uint16_t>(hash)};
    }
    return all;
  }

 private:
  unsigned halvings_;
  std::array<std::uint32_t, kOrders> hashes_;
};

// Rows that learned from a whole reference (a sample of it, if it is long). Immutable, shared.
class PrimedRows {
 public:
  // `page` may be empty: rows that know nothing.
  explicit PrimedRows(ByteView page);
  const NibbleRow* rows() const { return rows_.get(); }
  unsigned halvings() const { return halvings_; }
  std::size_t memory_bytes() const { return count_ * sizeof(NibbleRow); }

 private:
  unsigned halvings_;
  std::size_t count_;
  std::unique_ptr<NibbleRow[]> rows_;
};

// Room for the rows that one page changes, too much to ask of the allocator for each page: lent out, and kept for the
// thread's next page when it comes back.
struct NibbleScratch {
  std::unique_ptr<NibbleRow[]> rows;        // whatever they held
  std::unique_ptr<std::uint8_t[]> changed;  // one for each row, all 0

  struct Return {
    void operator()(NibbleScratch* scratch) const;
  };
  using Loan = std::unique_ptr<NibbleScratch, Return>;
  static Loan borrow();
  static constexpr std::size_t kRows = NibbleContexts::kBegin[NibbleContexts::kOrders];
};

}  // namespace railgun::delta
