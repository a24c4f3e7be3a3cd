#include "railgund/delta/page_index.h"

#include <algorithm>
#include <bit>

namespace railgun::delta {
namespace {

// Half a megabyte at most. Longer pages keep every second, third, … place.
constexpr unsigned kMaxBits = 17;

unsigned bits_of(std::size_t page_bytes) {
  return std::clamp(static_cast<unsigned>(std::bit_width(page_bytes - 1)), 8U, kMaxBits);
}

}  // namespace

std::size_t PageIndex::memory_bytes_of(std::size_t page_bytes) {
  return page_bytes < kOrder ? 0 : sizeof(std::uint32_t) << bits_of(page_bytes);
}

PageIndex::PageIndex(ByteView page) {
  if (page.size() < kOrder) return;
  const unsigned bits = bits_of(page.size());
  shift_ = 64 - bits;
  places_.assign(std::size_t{1} << bits, 0);
  const std::size_t step = 1 + (page.size() >> kMaxBits);
  std::uint64_t recent = 0;
  std::size_t next = kOrder;
  for (std::size_t i = 0; i < page.size(); ++i) {
    recent = recent << 8 | page[i];
    if (i + 1 == next) {
      places_[slot(recent)] = static_cast<std::uint32_t>(i + 1);
      next += step;
    }
  }
}

}  // namespace railgun::delta
