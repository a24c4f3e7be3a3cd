#include "railgund/delta/mixing_lines.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace railgun::delta::mixing {
namespace {

TEST(MixingLines, SlotStaysWithItsContext) {
  Line line{};
  std::uint8_t* slot = slot_of(line, 0x11000000);
  learn_nibble(slot, 5);
  EXPECT_EQ(slot_of(line, 0x11000000), slot);
  EXPECT_EQ(slot[1], 0x10);  // 5 = 0101: first a 0, then a 1 at node 2
  EXPECT_EQ(slot[2], 0x01);
}

TEST(MixingLines, SecondContextOfAPairGetsTheOtherSlotAndAThirdTheLessUsed) {
  Line line{};
  std::uint8_t* one = slot_of(line, 0x11000000);
  learn_nibble(one, 5);
  learn_nibble(one, 5);
  std::uint8_t* two = slot_of(line, 0x12000000);
  EXPECT_NE(one, two);
  learn_nibble(two, 5);
  EXPECT_EQ(slot_of(line, 0x13000000), two);
  EXPECT_EQ(two[1], 0);
  EXPECT_EQ(one[1], 0x20);
}

TEST(MixingLines, RankRemembersTheLastFollowerAndHowOften) {
  const std::uint32_t hash = 0x12345678;
  Rank rank(0);
  EXPECT_EQ(rank.seen(hash), 0U);
  rank = Rank(rank.after(hash, 'a'));
  rank = Rank(rank.after(hash, 'a'));
  EXPECT_EQ(rank.seen(hash), 2U);
  EXPECT_EQ(rank.byte(), 'a');
  rank = Rank(rank.after(hash, 'b'));
  EXPECT_EQ(rank.seen(hash), 1U);
  EXPECT_EQ(rank.byte(), 'a');
  rank = Rank(rank.after(hash, 'b'));
  EXPECT_EQ(rank.seen(hash), 1U);
  EXPECT_EQ(rank.byte(), 'b');
  EXPECT_EQ(rank.seen(hash ^ 0x01000000), 0U);
}

TEST(MixingLines, RecentStartedAnewSaysTheSameAsPushed) {
  Recent pushed;
  std::uint64_t bytes = 0;
  for (const char c : std::string("say hello")) {
    pushed.push(static_cast<std::uint8_t>(c));
    bytes = bytes << 8 | static_cast<std::uint8_t>(c);
  }
  Recent set;
  set.set(bytes);
  EXPECT_EQ(set.contexts(), pushed.contexts());
  EXPECT_EQ(set.ranks(), pushed.ranks());
}

TEST(MixingLines, OwnersCopyWhatTheyTouchAndLeaveTheRestAlone) {
  std::string text;
  for (int k = 0; k < 300; ++k) text += "line " + std::to_string(k * k) + "\n";
  const PrimedLines primed(as_bytes(text));
  Recent recent;
  const std::uint32_t hash = spread(recent.contexts()[0], 0);
  OwnLines one(&primed, primed.layout());
  OwnLines two(&primed, primed.layout());
  Line& line = one.touch(0, hash);
  EXPECT_EQ(line.bytes, primed.lines()[primed.layout().line(0, hash)].bytes);
  line.bytes.fill(0xff);
  EXPECT_EQ(one.touch(0, hash).bytes[0], 0xff);
  EXPECT_EQ(two.touch(0, hash).bytes, primed.lines()[primed.layout().line(0, hash)].bytes);
  OwnLines blank(nullptr, primed.layout());
  EXPECT_EQ(blank.touch(0, hash).bytes, Line{}.bytes);
}

TEST(MixingLines, PrimingIsTheSameEveryTimeAndBounded) {
  std::string text;
  for (int k = 0; k < 100000; ++k) text += std::to_string(k * 7919 % 10007) + (k % 9 == 0 ? " word" : ",");
  const PrimedLines one(as_bytes(text));
  const PrimedLines two(as_bytes(text));
  ASSERT_EQ(one.memory_bytes(), two.memory_bytes());
  EXPECT_LE(one.memory_bytes(), 5U << 20);
  for (std::size_t k = 0; k < one.layout().primed_lines(); ++k) {
    ASSERT_EQ(one.lines()[k].bytes, two.lines()[k].bytes);
  }
}

TEST(MixingLines, TablesStayInsideTheirLinesForEveryPageSize) {
  for (const std::size_t bytes : {0UL, 1UL, 100UL, 5000UL, 100000UL, 10000000UL, 4000000000UL}) {
    const Layout layout(bytes);
    std::size_t before = 0;
    for (std::size_t table = 0; table < kTables; ++table) {
      EXPECT_GE(layout.line(table, 0), before);
      before = layout.line(table, 0xffffffff) + 1;
    }
    EXPECT_EQ(before, layout.lines());
    EXPECT_LE(layout.primed_lines(), layout.lines());
  }
}

}  // namespace
}  // namespace railgun::delta::mixing
