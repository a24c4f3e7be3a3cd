#include "railgund/delta/nibble_gaps.h"

#include <gtest/gtest.h>

#include "railgund/delta/range_coder.h"
#include "railgund/delta/window_text.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

// Codes a window that is one gap and gives the payload's length; decodes it again and compares.
std::size_t coded_bytes(ByteView reference, const Gap& gap, ByteView window, bool with_index) {
  Reference::Prepared prepared(reference);
  const PageIndex index(reference);
  const PageIndex* used = with_index ? &index : nullptr;
  Bytes payload;
  {
    NibbleGaps gaps(prepared);
    gaps.begin(Volume::kLittle);
    RangeEncoder coder(payload);
    WindowReader text(window);
    std::uint64_t recent = 0;
    gaps.gap(coder, text, gap, recent, used);
    coder.finish();
  }
  Bytes page;
  NibbleGaps gaps(prepared);
  gaps.begin(Volume::kLittle);
  RangeDecoder coder(payload);
  PageWriter text(page);
  std::uint64_t recent = 0;
  gaps.gap(coder, text, gap, recent, used);
  EXPECT_EQ(as_text(page), as_text(window));
  return payload.size();
}

TEST(NibbleGaps, TextLikeWhatItReplacesCostsNextToNothing) {
  const Bytes old = test::noise(2000, 1);
  Bytes page = old;
  page[1000] ^= 1;
  EXPECT_LT(coded_bytes(old, {2000, 0, 2000}, page, false), 40U);
}

TEST(NibbleGaps, GoesOnWhereTheReplacedTextIsFoundAgain) {
  const Bytes old = test::noise(1000, 2);
  Bytes page(old.begin(), old.begin() + 500);
  append(page, test::noise(10, 3));
  append(page, ByteView(old).subspan(500));
  EXPECT_LT(coded_bytes(old, {1010, 0, 1000}, page, false), 60U);
}

TEST(NibbleGaps, TextThatRepeatsInTheGapIsCheap) {
  const Bytes piece = test::noise(300, 4);
  Bytes page = piece;
  append(page, piece);
  const std::size_t once = coded_bytes(as_bytes("-"), {300, 0, 1}, piece, false);
  EXPECT_LT(coded_bytes(as_bytes("-"), {600, 0, 1}, page, false), once + 60);
}

TEST(NibbleGaps, TextFromElsewhereInTheReferenceIsCheapByTheIndex) {
  const Bytes old = test::noise(20000, 5);
  const Bytes page(old.begin() + 15000, old.begin() + 15300);
  const std::size_t without = coded_bytes(old, {300, 100, 400}, page, false);
  EXPECT_LT(coded_bytes(old, {300, 100, 400}, page, true), without / 4);
}

// The last bytes known may lie in the window before, which is gone.
TEST(NibbleGaps, GoesOnInTheNextWindow) {
  const Bytes old = test::noise(100, 8);
  Reference::Prepared prepared(old);
  NibbleGaps gaps(prepared);
  Bytes payload;
  RangeEncoder coder(payload);
  std::uint64_t recent = 0;
  for (const auto& window : {ByteView(old), ByteView(old).first(5), ByteView(old).subspan(5)}) {
    gaps.begin(Volume::kLittle);
    const Bytes here = to_bytes(window);
    WindowReader text(here);
    gaps.gap(coder, text, {window.size(), 0, 100}, recent, nullptr);
  }
  coder.finish();
  NibbleGaps others(prepared);
  RangeDecoder decoder(payload);
  recent = 0;
  for (const auto& window : {ByteView(old), ByteView(old).first(5), ByteView(old).subspan(5)}) {
    others.begin(Volume::kLittle);
    Bytes here;
    PageWriter text(here);
    others.gap(decoder, text, {window.size(), 0, 100}, recent, nullptr);
    EXPECT_EQ(as_text(here), as_text(window));
  }
}

TEST(NibbleGaps, HoldsAtTheEdgesOfTheReference) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 31}) {
    const Bytes old = test::noise(size, 6);
    for (std::size_t begin = 0; begin <= size; ++begin) {
      coded_bytes(old, {40, begin, size}, test::noise(40, 7), true);
      Bytes grown = old;
      append(grown, old);
      append(grown, old);
      if (!grown.empty()) coded_bytes(old, {grown.size(), begin, size}, grown, true);
    }
  }
}

}  // namespace
}  // namespace railgun::delta
