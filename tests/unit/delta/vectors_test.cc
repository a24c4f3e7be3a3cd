// The vectors of doc/DELTA_FORMAT.md: deltas of released formats must decode for ever.
#include <string_view>

#include <gtest/gtest.h>

#include "railgund/base/text.h"
#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

constexpr std::string_view kOld = "The quick brown fox jumps over the lazy dog. 12 votes.\n";
constexpr std::string_view kNew = "The quick brown fox jumps over the lazy cat. 13 votes.\n";

struct Vector {
  std::string_view hex;
  std::string_view page;
  Effort effort;
  bool primed = true;  // of the strong tier
};

constexpr Vector kVectors[] = {
    {"91b5f8480866b1abf2537e46", kNew, Effort::kFast},
    {"fa75e7d82d61836554f8b8", kNew, Effort::kStrong},
    {"fa75ffc43a411cc60e8512", kNew, Effort::kStrong, false},
    {"2514d29d476400007d0000386361742e203133020080b0ba5440", kNew, Effort::kZstd},
    {"984dfe", kOld, Effort::kFast},
};

TEST(DeltaVectors, DecodeToTheirPages) {
  const auto reference = test::reference_of(to_bytes(as_bytes(kOld)));
  for (const auto& vector : kVectors) {
    const auto page = decode(reference, from_hex(vector.hex).value());
    ASSERT_TRUE(page.has_value()) << vector.hex << ": " << page.error().text;
    EXPECT_EQ(as_text(*page), vector.page);
  }
}

TEST(DeltaVectors, AreWhatTheWalkingTiersMake) {
  for (const auto& vector : kVectors) {
    const auto reference = test::reference_of(to_bytes(as_bytes(kOld)));
    if (vector.primed) reference->prepare_strong();
    // What zstd makes may change with its version.
    if (vector.effort == Effort::kZstd) continue;
    EXPECT_EQ(encode(reference, as_bytes(vector.page), {.effort = vector.effort}), from_hex(vector.hex).value());
  }
}

}  // namespace
}  // namespace railgun::delta
