#include "railgund/delta/nibble_rows.h"

#include <algorithm>

#include "railgund/delta/nibble_lanes.h"

namespace railgun::delta {
namespace {

// Of longer pages so many stretches of so many bytes are learned.
constexpr std::size_t kStretches = 24;
constexpr std::size_t kStretchBytes = 4096;

void learn(NibbleRow* rows, NibbleContexts::Place place, unsigned nibble) {
  NibbleRow& row = rows[place.index];
  nibble::NativeLanes::learn(row.is_of(place.mark) ? row : nibble::kBlank, nibble, row, place.mark);
}

void learn(NibbleRow* rows, unsigned halvings, ByteView text) {
  std::uint64_t recent = 0;
  for (const std::uint8_t byte : text) {
    const NibbleContexts contexts(recent, halvings);
    const unsigned high = byte >> 4;
    for (const auto place : contexts.rows(0)) learn(rows, place, high);
    for (const auto place : contexts.rows(1 + high)) learn(rows, place, byte & 15U);
    recent = recent << 8 | byte;
  }
}

}  // namespace

PrimedRows::PrimedRows(ByteView page)
    : halvings_(NibbleContexts::halvings(page.size())),
      count_(NibbleContexts::rows_of(page.size())),
      rows_(std::make_unique_for_overwrite<NibbleRow[]>(count_)) {
  std::fill_n(rows_.get(), count_, nibble::kBlank);
  if (page.size() <= kStretches * kStretchBytes) {
    learn(rows_.get(), halvings_, page);
    return;
  }
  const std::size_t stride = page.size() / kStretches;
  for (std::size_t i = 0; i < kStretches; ++i) learn(rows_.get(), halvings_, page.subspan(i * stride, kStretchBytes));
}

namespace {

std::unique_ptr<NibbleScratch>& kept_scratch() {
  thread_local std::unique_ptr<NibbleScratch> kept;
  return kept;
}

}  // namespace

NibbleScratch::Loan NibbleScratch::borrow() {
  Loan loan(kept_scratch().release());
  if (!loan) {
    loan.reset(new NibbleScratch{std::make_unique_for_overwrite<NibbleRow[]>(kRows),
                                 std::make_unique_for_overwrite<std::uint8_t[]>(kRows)});
  }
  if (++loan->page == 0) loan->page = 1;
  if (loan->page == 1) std::fill_n(loan->changed.get(), kRows, std::uint8_t{0});
  return loan;
}

void NibbleScratch::Return::operator()(NibbleScratch* scratch) const { kept_scratch().reset(scratch); }

}  // namespace railgun::delta
