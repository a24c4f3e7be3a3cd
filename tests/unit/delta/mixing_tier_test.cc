#include "railgund/delta/mixing_tier.h"

#include <gtest/gtest.h>

#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"
#include "railgund/delta/mixing_model.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

constexpr EncoderOptions kStrong = {.effort = Effort::kStrong};

TEST(MixingTier, PagesComeBackFromTheirDeltas) {
  for (const auto& pair : test::pairs()) {
    const Bytes delta = encode(pair.reference, pair.page, kStrong);
    const auto page = decode(pair.reference, delta);
    ASSERT_TRUE(page) << pair.name << ": " << page.error().text;
    EXPECT_EQ(*page, pair.page) << pair.name;
  }
}

TEST(MixingTier, GoesOnFromWindowToWindow) {
  for (const auto& pair : test::pairs()) {
    EncoderOptions options = kStrong;
    options.window_bytes = 3000;
    const auto page = decode(pair.reference, encode(pair.reference, pair.page, options));
    ASSERT_TRUE(page) << pair.name << ": " << page.error().text;
    EXPECT_EQ(*page, pair.page) << pair.name;
  }
}

TEST(MixingTier, BeginsPrimedOrBlankAsTheDeltaSays) {
  const auto reference = test::reference_of(test::list_page(100, 1));
  const Bytes page = test::edited(test::list_page(100, 1), 20, 4);
  for (const bool primed : {true, false}) {
    std::optional<MixingTier> encoder;
    Bytes payload;
    ASSERT_TRUE(encode_mixing(*reference->prepared(), primed, page, true, encoder, payload));
    MixingTier decoder(*reference->prepared(), !primed);
    Bytes made;
    EXPECT_EQ(decoder.decode(payload, true, page.size(), made), WalkEnd::kGood);
    EXPECT_EQ(made, page);
  }
}

TEST(MixingTier, RefusesMoreGapBytesThanItsBound) {
  const auto reference = test::reference_of(test::noise(1000, 1));
  std::optional<MixingTier> tier;
  Bytes payload;
  EXPECT_FALSE(
      encode_mixing(*reference->prepared(), true, test::noise(kMixingGapBytes + 2000, 2), true, tier, payload));
  EXPECT_FALSE(tier);

  // A stream that says so nevertheless.
  const Bytes much = test::noise(kMixingGapBytes + 1, 3);
  const Instruction all{.gap = static_cast<std::uint32_t>(much.size()), .source = 0, .copy = 0};
  payload.clear();
  RangeEncoder coder(payload);
  coder.bit(false, 60000);
  GapWalker<MixingGaps> walker(*reference->prepared(), reference->prepared()->page(), nullptr);
  walker.encode(coder, much, true, {&all, 1}, {.volume = Volume::kMuch, .use_page_index = false});
  coder.finish();
  MixingTier decoder(*reference->prepared(), false);
  Bytes made;
  EXPECT_EQ(decoder.decode(payload, true, much.size(), made), WalkEnd::kTooLarge);
}

TEST(MixingTier, CutPayloadsEndInAnErrorOrInOtherBytes) {
  const auto reference = test::reference_of(test::list_page(60, 1));
  const Bytes page = test::edited(test::list_page(60, 1), 30, 4);
  std::optional<MixingTier> encoder;
  Bytes payload;
  ASSERT_TRUE(encode_mixing(*reference->prepared(), true, page, true, encoder, payload));
  for (std::size_t cut = 0; cut < payload.size(); ++cut) {
    MixingTier decoder(*reference->prepared(), false);
    Bytes made;
    const WalkEnd end = decoder.decode(ByteView(payload).first(cut), true, page.size() + 100, made);
    if (end == WalkEnd::kGood) {
      EXPECT_NE(made, page);
    }
    EXPECT_LE(made.size(), page.size() + 100);
  }
}

}  // namespace
}  // namespace railgun::delta
