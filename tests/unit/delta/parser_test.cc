#include "railgund/delta/parser.h"

#include <gtest/gtest.h>

#include "railgund/delta/prepared.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

std::vector<Instruction> parsed(const Reference& reference, ByteView window, const ParserOptions& options = {}) {
  std::vector<Instruction> instructions;
  parse(*reference.prepared(), 0, window, true, options, instructions);
  return instructions;
}

// What the instructions copy must stand there; gaps hold whatever the window has.
void expect_right(const std::vector<Instruction>& instructions, ByteView reference, ByteView window) {
  std::size_t at = 0;
  for (const auto& op : instructions) {
    at += op.gap;
    ASSERT_LE(at + op.copy, window.size());
    ASSERT_LE(std::size_t{op.source} + op.copy, reference.size());
    ASSERT_EQ(as_text(window.subspan(at, op.copy)), as_text(reference.subspan(op.source, op.copy)));
    at += op.copy;
  }
  ASSERT_EQ(at, window.size());
}

TEST(Parser, EveryListOfInstructionsGivesTheWindow) {
  for (const auto& pair : test::pairs()) {
    if (!pair.reference || pair.page.empty()) continue;
    SCOPED_TRACE(pair.name);
    for (const std::size_t shortest : {32, 64, 128}) {
      const auto instructions = parsed(*pair.reference, pair.page, {.min_resync = shortest, .min_copy = shortest});
      expect_right(instructions, pair.reference->bytes(), pair.page);
    }
  }
}

// Lookups leave most positions out: wherever a text comes from and goes to, one of them must meet it.
TEST(Parser, FindsEveryMovedStretchOfTheShortestLength) {
  const auto reference = test::reference_of(test::noise(3000, 1));
  const Bytes others = test::noise(500, 2);
  for (const std::size_t shortest : {32, 64, 128}) {
    for (std::size_t source = 1000; source < 1032; ++source) {
      for (std::size_t before = 20; before < 110; before += 3) {
        Bytes page(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(before));
        append(page, reference->bytes().subspan(source, shortest));
        append(page, ByteView(others).subspan(200, 50));
        const auto instructions = parsed(*reference, page, {.min_resync = shortest, .min_copy = shortest});
        ASSERT_LE(gap_bytes_of(instructions), before + 50) << shortest << " bytes from " << source << " to " << before;
      }
    }
  }
}

TEST(Parser, ReplacedBytesAreOneGapOnTheDiagonal) {
  const Bytes old = test::noise(1000, 3);
  const auto reference = test::reference_of(old);
  for (std::size_t at = 40; at < 60; ++at) {
    Bytes page = old;
    page[at] ^= 1;
    page[at + 9] ^= 1;
    const auto instructions = parsed(*reference, page, {.min_resync = 32, .min_copy = 32});
    ASSERT_EQ(instructions.size(), 2U);
    EXPECT_EQ(instructions[1].gap, 10U);
    EXPECT_EQ(instructions[1].source, at + 10);
  }
}

// Markup that repeats offers many places; the one whose text goes on longest is wanted.
TEST(Parser, TakesTheLongestOfTheCopiesThatBeginTogether) {
  Bytes old;
  const Bytes frame = test::noise(100, 4);
  for (std::uint64_t i = 0; i < 3; ++i) {
    append(old, frame);
    append(old, test::noise(100, 10 + i));
  }
  const auto reference = test::reference_of(old);
  Bytes page = test::noise(30, 5);
  append(page, ByteView(old).subspan(400, 150));
  const auto instructions = parsed(*reference, page);
  ASSERT_EQ(instructions.size(), 1U);
  EXPECT_EQ(instructions[0].source, 400U);
  EXPECT_EQ(instructions[0].copy, 150U);
}

}  // namespace
}  // namespace railgun::delta
