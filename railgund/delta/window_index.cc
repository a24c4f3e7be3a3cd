#include "railgund/delta/window_index.h"

#include <algorithm>
#include <bit>

namespace railgun::delta {

WindowIndex::WindowIndex(ByteView page) {
  if (page.size() < kWindow) return;
  // Twice as many slots as windows: chains stay short.
  const std::size_t count = (page.size() - kWindow) / kStride + 1;
  const auto bits = std::max(4U, static_cast<unsigned>(std::bit_width(count)) + 1);
  shift_ = 64 - bits;
  heads_.assign(std::size_t{1} << bits, kNone);
  nexts_.resize(count);
  for (std::size_t i = count; i-- > 0;) {
    std::uint32_t& head = heads_[slot(page.data() + i * kStride)];
    nexts_[i] = head;
    head = static_cast<std::uint32_t>(i);
  }
}

}  // namespace railgun::delta
