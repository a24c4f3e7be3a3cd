#include "railgund/delta/nibble_rows.h"

#include <algorithm>

namespace railgun::delta {
namespace {

// Of longer pages so many stretches of so many bytes are learned.
constexpr std::size_t kStretches = 24;
constexpr std::size_t kStretchBytes = 4096;

void learn(NibbleRow* rows, ByteView text) {
  std::uint64_t recent = 0;
  for (const std::uint8_t byte : text) {
    const NibbleContexts contexts(recent);
    const unsigned high = byte >> 4;
    const unsigned low = byte & 15;
    for (const std::size_t row : {contexts.high1(), contexts.high2()}) nibble::learn(rows[row], rows[row], high);
    for (const std::size_t row : {contexts.low1(high), contexts.low2(high)}) nibble::learn(rows[row], rows[row], low);
    recent = recent << 8 | byte;
  }
}

}  // namespace

PrimedRows::PrimedRows(ByteView page) : rows_(std::make_unique_for_overwrite<NibbleRow[]>(NibbleContexts::kRows)) {
  std::fill_n(rows_.get(), NibbleContexts::kRows, nibble::even_row());
  if (page.size() <= kStretches * kStretchBytes) {
    learn(rows_.get(), page);
    return;
  }
  const std::size_t stride = page.size() / kStretches;
  for (std::size_t i = 0; i < kStretches; ++i) learn(rows_.get(), page.subspan(i * stride, kStretchBytes));
}

}  // namespace railgun::delta
