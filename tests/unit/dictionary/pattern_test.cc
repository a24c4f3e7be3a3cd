#include "railgund/dictionary/pattern.h"

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

TEST(PatternOf, IsForOneAddress) {
  EXPECT_EQ(pattern_of("/"), "/");
  EXPECT_EQ(pattern_of("/news/a-1.html"), "/news/a-1.html");
  EXPECT_EQ(pattern_of("/doku.php?id=start&x=1"), "/doku.php?id=start&x=1");
}

TEST(PatternOf, IsNothingForAddressesThatLookLikePatterns) {
  for (const char* target : {"/a_(b)", "/c:d", "/*", "/a?b=1+2", "/a?b?c", "/{a}", R"(/a\b)", R"(/a"b)"})
    EXPECT_EQ(pattern_of(target), std::nullopt) << target;
}

TEST(PatternOf, IsNothingForWhatNoFieldCanSay) {
  EXPECT_EQ(pattern_of(""), std::nullopt);
  EXPECT_EQ(pattern_of("*"), std::nullopt);
  EXPECT_EQ(pattern_of("/\xc3\xa4"), std::nullopt);
  EXPECT_EQ(pattern_of("/a#b"), std::nullopt);
  EXPECT_EQ(pattern_of("/" + std::string(600, 'a')), std::nullopt);
}

}  // namespace
}  // namespace railgun::dictionary
