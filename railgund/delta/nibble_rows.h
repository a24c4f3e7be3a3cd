// Statistics of bytes by context, in rows of one nibble each, and what a reference teaches them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/delta/nibble_row.h"

namespace railgun::delta {

// The contexts of a byte: the one to three bytes before it, hashed.
class NibbleContexts {
 public:
  static constexpr std::size_t kOrders = 3;
  // Where a row is, and the mark that tells its context from others of the same place.
  struct Place {
    std::uint32_t index;
    std::uint16_t mark;  // as in a row's last lane
  };
  using Rows = std::array<Place, kOrders>;
  static constexpr std::array<unsigned, kOrders> kBits = {13, 13, 14};
  static constexpr std::array<std::uint32_t, kOrders + 1> kBegin = {0, 1U << 13, 1U << 14, 1U << 15};

  // References below 32 KB halve the tables, below 16 KB once more, and so on, so that memory stays below some fifty
  // times the page.
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
      all[k] = {(kBegin[k] >> halvings_) + (hash >> (32 - kBits[k] + halvings_)),
                static_cast<std::uint16_t>(hash & NibbleRow::kMark)};
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
  std::unique_ptr<std::uint8_t[]> changed;  // for each row the page that changed it last
  std::uint8_t page = 0;                    // this one

  struct Return {
    void operator()(NibbleScratch* scratch) const;
  };
  using Loan = std::unique_ptr<NibbleScratch, Return>;
  static Loan borrow();
  static constexpr std::size_t kRows = NibbleContexts::kBegin[NibbleContexts::kOrders];
};

}  // namespace railgun::delta
