#include "railgund/delta/nibble_row.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <gtest/gtest.h>

#include "railgund/base/cpu.h"
#include "railgund/delta/nibble_lanes.h"
#include "railgund/delta/nibble_rows.h"
#include "railgund/delta/nibble_shares.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

using nibble::NativeLanes;
using nibble::PortableLanes;
using test::Numbers;

// A row that saw `count` nibbles drawn by `numbers`, some of them often.
NibbleRow taught(Numbers& numbers, std::size_t count) {
  NibbleRow row = nibble::kBlank;
  const auto often = static_cast<unsigned>(numbers.below(16));
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned symbol = numbers.below(3) != 0 ? often : static_cast<unsigned>(numbers.below(16));
    NativeLanes::learn(row, symbol, row, 0x1230);
  }
  return row;
}

TEST(NibbleRow, TheFirstNibbleIsBelievedAtOnceAndTheSecondMovesItByTwoFifths) {
  NibbleRow row;
  NativeLanes::learn(nibble::kBlank, 3, row, 0xabc0);
  EXPECT_EQ(row.lane[2], 3);
  // From 4096 towards 16372 by 32767 of 32768.
  EXPECT_EQ(row.lane[3], 16371);
  EXPECT_EQ(row.lane[14], 16382);
  EXPECT_EQ(row.lane[15], 0xabc1);
  NativeLanes::learn(row, 9, row, 0xabc0);
  // From 16371 towards 4 by 13107 of 32768, rounded down.
  EXPECT_EQ(row.lane[3], 9824);
  EXPECT_EQ(row.lane[15], 0xabc2);
}

TEST(NibbleRow, CountsToFifteenAndStaysThere) {
  NibbleRow row = nibble::kBlank;
  for (int i = 0; i < 40; ++i) NativeLanes::learn(row, 5, row, 0);
  EXPECT_EQ(row.seen(), 15U);
}

TEST(NibbleRow, RowsAndBlendsRiseStrictlyWhateverCame) {
  Numbers numbers(1);
  for (int round = 0; round < 500; ++round) {
    const std::array<NibbleRow, 3> rows = {taught(numbers, numbers.below(40)), taught(numbers, numbers.below(3)),
                                           taught(numbers, 200)};
    for (const auto& row : rows) {
      for (std::size_t s = 1; s < 15; ++s) ASSERT_LT(row.lane[s - 1], row.lane[s]);
      ASSERT_LT(row.lane[14], 16384);
    }
    nibble::Frequencies blend;
    const auto& shares = nibble::kShares[numbers.below(2)][numbers.below(27)];
    NativeLanes::blend({&rows[0], &rows[1], &rows[2]}, shares, blend);
    for (std::size_t s = 1; s < 16; ++s) ASSERT_LT(blend.below()[s - 1], blend.below()[s]);
    ASSERT_EQ(blend.below()[-1], 0);
    ASSERT_EQ(blend.below()[15], 16384);
  }
}

TEST(NibbleRow, SharesLeaveEveryNibbleALittle) {
  for (const auto& half : nibble::kShares) {
    for (const auto& shares : half) ASSERT_EQ(shares[0] + shares[1] + shares[2], 255);
  }
}

template <typename Lanes>
class NibbleLanes : public ::testing::Test {};
#ifdef RAILGUN_AVX2
using AllLanes = ::testing::Types<NativeLanes, nibble::Avx2Lanes>;
#else
using AllLanes = ::testing::Types<NativeLanes>;
#endif
TYPED_TEST_SUITE(NibbleLanes, AllLanes);

TYPED_TEST(NibbleLanes, GiveTheNumbersOfPortableCode) {
#ifdef RAILGUN_AVX2
  if (std::is_same_v<TypeParam, nibble::Avx2Lanes> && !has_avx2()) GTEST_SKIP() << "not on this CPU";
#endif
  Numbers numbers(2);
  for (int round = 0; round < 5000; ++round) {
    const NibbleRow row = taught(numbers, numbers.below(20));
    const auto symbol = static_cast<unsigned>(numbers.below(16));
    NibbleRow fast;
    NibbleRow portable;
    TypeParam::learn(row, symbol, fast, 0x7770);
    PortableLanes::learn(row, symbol, portable, 0x7770);
    ASSERT_EQ(fast.lane, portable.lane);

    const auto& shares = nibble::kShares[numbers.below(2)][numbers.below(27)];
    nibble::Frequencies fast_blend;
    nibble::Frequencies portable_blend;
    TypeParam::blend({&row, &fast, &nibble::kBlank}, shares, fast_blend);
    PortableLanes::blend({&row, &fast, &nibble::kBlank}, shares, portable_blend);
    ASSERT_TRUE(std::equal(fast_blend.below(), fast_blend.below() + 16, portable_blend.below()));
  }
}

TEST(PrimedRows, KnowWhatTheReferenceTaughtAndNoMore) {
  const Bytes page = to_bytes(as_bytes("abababab"));
  const PrimedRows primed(page);
  const NibbleContexts contexts('a', primed.halvings());
  const auto high = contexts.rows(0)[0];
  const NibbleRow& row = primed.rows()[high.index];
  EXPECT_TRUE(row.is_of(high.mark));
  EXPECT_EQ(row.seen(), 4U);
  const PrimedRows nothing{ByteView()};
  EXPECT_EQ(nothing.rows()[high.index].seen(), 0U);
}

}  // namespace
}  // namespace railgun::delta
