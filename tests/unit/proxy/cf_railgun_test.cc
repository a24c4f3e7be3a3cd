#include "railgund/proxy/cf_railgun.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using std::chrono::microseconds;

// The sample of the original's FAQ.
const CfRailgun kSample{.passage = Passage::kDelta,
                        .id = "151df128a1",
                        .ratio_hundredths = 205,
                        .origin_time = microseconds(9465),
                        .flags = kOriginMapped | kReferenceNamed | kReferenceFound,
                        .version = "5360"};

TEST(CfRailgun, TellsStrangersNoSizes) {
  EXPECT_EQ(coarse_ratio(0), 10U);
  EXPECT_EQ(coarse_ratio(10), 10U);
  EXPECT_EQ(coarse_ratio(11), 20U);
  EXPECT_EQ(coarse_ratio(21), 50U);
  EXPECT_EQ(coarse_ratio(205), 500U);
  EXPECT_EQ(coarse_ratio(5001), 10000U);
  EXPECT_EQ(coarse_ratio(10001), 20000U);
  EXPECT_EQ(coarse_ratio(9'999'999), 9'999'999U);
}

TEST(CfRailgun, WritesADeltaAsTheOriginalDid) {
  EXPECT_EQ(format_cf_railgun(kSample), "151df128a1 2.05 0.009465 0031 5360");
}

TEST(CfRailgun, ReadsWhatTheOriginalWrote) {
  EXPECT_EQ(parse_cf_railgun("151df128a1 2.05 0.009465 0031 5360").value(), kSample);
}

TEST(CfRailgun, WritesAndReadsAnswersPassedWhole) {
  const CfRailgun stream{
      .passage = Passage::kStream, .id = "00000000ff", .origin_time = microseconds(1'500'000), .version = "abcd"};
  EXPECT_EQ(format_cf_railgun(stream), "00000000ff stream 1.500000 0000 abcd");
  EXPECT_EQ(parse_cf_railgun("00000000ff stream 1.500000 0000 abcd").value(), stream);
  CfRailgun normal = stream;
  normal.passage = Passage::kNormal;
  EXPECT_EQ(format_cf_railgun(normal), "00000000ff normal 1.500000 0000 abcd");
  EXPECT_EQ(parse_cf_railgun(format_cf_railgun(normal)).value(), normal);
}

TEST(CfRailgun, WritesAndReadsDirectAnswersWithTheirReason) {
  const CfRailgun direct{.passage = Passage::kDirect, .reason = "starting new WAN connection"};
  EXPECT_EQ(format_cf_railgun(direct), "direct (starting new WAN connection)");
  EXPECT_EQ(parse_cf_railgun("direct (starting new WAN connection)").value(), direct);
}

TEST(CfRailgun, ReadsTheOldFormOfNormal) {
  const auto read = parse_cf_railgun("normal 0041 ? 5360").value();
  EXPECT_EQ(read.passage, Passage::kNormal);
  EXPECT_EQ(read.flags, kOriginMapped | kOriginRestarted);
  EXPECT_EQ(read.version, "5360");
}

TEST(CfRailgun, KeepsBitsItDoesNotKnow) {
  const auto read = parse_cf_railgun("151df128a1 0.00 0.000000 ff80 5360").value();
  EXPECT_EQ(read.flags, 0xff80);
  EXPECT_EQ(format_cf_railgun(read), "151df128a1 0.00 0.000000 ff80 5360");
}

TEST(CfRailgun, WritesTheBounds) {
  CfRailgun value = kSample;
  value.ratio_hundredths = 0;
  value.origin_time = microseconds(0);
  EXPECT_EQ(format_cf_railgun(value), "151df128a1 0.00 0.000000 0031 5360");
  value.ratio_hundredths = 0xffffffff;
  value.origin_time = microseconds(-5);
  EXPECT_EQ(format_cf_railgun(value), "151df128a1 99999.99 0.000000 0031 5360");
  value.origin_time = std::chrono::hours(24 * 365);
  EXPECT_EQ(format_cf_railgun(value), "151df128a1 99999.99 86400.000000 0031 5360");
  EXPECT_TRUE(parse_cf_railgun(format_cf_railgun(value)).has_value());
}

TEST(CfRailgun, NeverWritesWhatWouldBreakAHeader) {
  EXPECT_EQ(format_cf_railgun({.passage = Passage::kDirect, .reason = "a\r\nSet-Cookie: b)"}),
            "direct (aSet-Cookie: b)");
  EXPECT_EQ(format_cf_railgun({.passage = Passage::kStream, .id = "x\r\n", .version = "\n"}),
            "0000000000 stream 0.000000 0000 0000");
}

TEST(CfRailgun, RefusesWhatIsNoHeader) {
  for (const char* text : {"",
                           "   ",
                           "direct",
                           "direct ()",
                           "direct (",
                           "direct (a",
                           "direct x (a)",
                           "direct (a(b)",
                           "normal",
                           "normal 0031",
                           "normal zz ? 5360",
                           "151df128a1",
                           "151df128a1 2.05 0.009465 0031",
                           "151df128a1 2.05 0.009465 0031 5360 x",
                           "151df128a 2.05 0.009465 0031 5360",
                           "151df128a11 2.05 0.009465 0031 5360",
                           "151df128ag 2.05 0.009465 0031 5360",
                           "151df128a1 -1 0.009465 0031 5360",
                           "151df128a1 2.055 0.009465 0031 5360",
                           "151df128a1 100000.00 0.009465 0031 5360",
                           "151df128a1 99999999999999999999 0 0031 5360",
                           "151df128a1 2.05 0.0094651 0031 5360",
                           "151df128a1 2.05 86400.000001 0031 5360",
                           "151df128a1 2.05 . 0031 5360",
                           "151df128a1 2.05 0. 0031 5360",
                           "151df128a1 2.05 0.1 00310 5360",
                           "151df128a1 2.05 0.1 0x31 5360",
                           "151df128a1 2.05 0.1 0031 wxyz",
                           "151df128a1 nan 0.1 0031 5360"}) {
    EXPECT_FALSE(parse_cf_railgun(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_cf_railgun("direct (" + std::string(600, 'a') + ")").has_value());
}

TEST(CfRailgun, RefusesAHeaderCutShortAtAnyByte) {
  const std::string whole = format_cf_railgun(kSample);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto read = parse_cf_railgun(std::string_view(whole).substr(0, length));
    // Only the version may be cut and still be one.
    if (length < whole.size() - 3) {
      EXPECT_FALSE(read.has_value()) << length;
    }
  }
}

TEST(CfRailgun, ReadsFlagsAlone) {
  EXPECT_EQ(parse_cf_railgun_flags("0031").value(), 0x31);
  EXPECT_EQ(parse_cf_railgun_flags("0").value(), 0);
  EXPECT_EQ(parse_cf_railgun_flags("ffff").value(), 0xffff);
  EXPECT_FALSE(parse_cf_railgun_flags("").has_value());
  EXPECT_FALSE(parse_cf_railgun_flags("10000").has_value());
  EXPECT_FALSE(parse_cf_railgun_flags("003g").has_value());
}

TEST(CfRailgun, HasAMeaningForEachKnownBit) {
  std::uint16_t all = 0;
  for (const FlagMeaning& flag : flag_meanings()) all = static_cast<std::uint16_t>(all | flag.bit);
  EXPECT_EQ(all, 0x7f);
}

}  // namespace
}  // namespace railgun::proxy
