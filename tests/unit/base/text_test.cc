#include "railgund/base/text.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

using Views = std::vector<std::string_view>;

TEST(Text, TrimTakesWhiteSpaceOrWhatItIsTold) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \r\n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" a\n", " "), "a\n");
}

TEST(Text, SplitLeavesOutEmptyParts) {
  EXPECT_EQ(split(" a,b  c, ", " ,"), (Views{"a", "b", "c"}));
  EXPECT_EQ(split("a b", ","), (Views{"a b"}));
  EXPECT_TRUE(split(",,", ",").empty());
  EXPECT_TRUE(split("", ",").empty());
}

TEST(Text, JoinPutsTheSeparatorBetween) {
  EXPECT_EQ(join(std::vector<std::string>{"a", "", "c"}), "a, , c");
  EXPECT_EQ(join(Views{"a"}, " | "), "a");
  EXPECT_EQ(join(Views{}), "");
  EXPECT_EQ(join(std::vector{1, 2}, "+", [](int number) { return std::to_string(number); }), "1+2");
}

TEST(Text, NamesCompareWithoutCase) {
  EXPECT_TRUE(same_name("Host", "hOST"));
  EXPECT_FALSE(same_name("Host", "Hosts"));
  EXPECT_FALSE(same_name("[", "{"));  // a letter's distance apart
  EXPECT_EQ(lower_ascii("AZ[az\xc3\x84"), "az[az\xc3\x84");
}

TEST(Text, HexGoesBothWays) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0x9f, 0xff}), "009fff");
  EXPECT_EQ(from_hex("009fFF"), (Bytes{0x00, 0x9f, 0xff}));
  EXPECT_EQ(from_hex(""), Bytes{});
  for (const char* wrong : {"0", "000", "0g", "g0", "0x", " 00", "0\x00"}) EXPECT_FALSE(from_hex(wrong)) << wrong;
  EXPECT_TRUE(is_hex("0aF"));
  EXPECT_FALSE(is_hex(""));
  EXPECT_FALSE(is_hex("0x1"));
}

TEST(Text, LogsGetAsciiAndTerminalsNoControls) {
  EXPECT_EQ(printable_ascii("a ~\x1b[\x7f\xc3\xa4"), "a ~?[???");
  EXPECT_EQ(without_controls("a\x1b[\n\x7f\xc3\xa4"), "a[\xc3\xa4");
}

}  // namespace
}  // namespace railgun
