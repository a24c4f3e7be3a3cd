#include "railgund/delta/window_index.h"

#include <algorithm>
#include <bit>

namespace railgun::delta {
namespace {

// Bits for each slot: a power of two. There are as many slots as windows, and up to twice as many.
constexpr unsigned kBitsLog = 3;

}  // namespace

WindowIndex::WindowIndex(ByteView page) {
  const std::size_t count = page.size() < kWindow ? 0 : (page.size() - kWindow) / kStride + 1;
  const unsigned slot_bits = std::max(4U, static_cast<unsigned>(std::bit_width(count)));
  slot_shift_ = 64 - slot_bits;
  bit_shift_ = slot_shift_ - kBitsLog;
  present_.assign((std::size_t{1} << (slot_bits + kBitsLog)) / 64, 0);
  slots_.resize((std::size_t{1} << slot_bits) + 1);

  // The first of each slot, and how many others; their sums; then the others from the back, so that they rise.
  const auto hash_at = [&](std::size_t number) { return hash_of(page.data() + number * kStride); };
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t hash = hash_at(i);
    const std::uint64_t bit = hash >> bit_shift_;
    present_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    Slot& slot = slots_[hash >> slot_shift_];
    if (slot.first == kNone) {
      slot.first = static_cast<std::uint32_t>(i);
    } else {
      ++slot.others;
    }
  }
  std::uint32_t sum = 0;
  for (Slot& slot : slots_) slot.others = sum += slot.others;
  others_.resize(sum);
  for (std::size_t i = count; i-- > 0;) {
    Slot& slot = slots_[hash_at(i) >> slot_shift_];
    if (slot.first != i) others_[--slot.others] = static_cast<std::uint32_t>(i);
  }
}

}  // namespace railgun::delta
