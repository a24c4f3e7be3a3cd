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

TEST(PatternOfVersions, HasAWildcardForNumbersAndHashes) {
  EXPECT_EQ(pattern_of_versions("/js/app.3f2a9c1b.js"), "/js/app.*.js");
  EXPECT_EQ(pattern_of_versions("/js/jquery-3.6.1.min.js"), "/js/jquery-*.min.js");
  EXPECT_EQ(pattern_of_versions("/static/90ce11d2/site.css"), "/static/*/site.css");
  EXPECT_EQ(pattern_of_versions("/style.css"), "/style.css");
}

TEST(PatternOfVersions, HasAWildcardForParametersThatAreVersions) {
  EXPECT_EQ(pattern_of_versions("/jquery.js?ver=3.6.1"), "/jquery.js?ver=*");
  EXPECT_EQ(pattern_of_versions("/jquery.js?V=beta"), "/jquery.js?V=*");
  EXPECT_EQ(pattern_of_versions("/load.php?modules=site&only=styles&version=1dgkl"),
            "/load.php?modules=site&only=styles&version=*");
  EXPECT_EQ(pattern_of_versions("/a/main.js?1764523"), "/a/main.js?*");
  EXPECT_EQ(pattern_of_versions("/a/main.js?ver"), "/a/main.js?ver");
}

TEST(PatternOfVersions, IsNothingForANameThatIsAHash) {
  for (const char* target : {"/js/3f2a9c1b.js", "/js/1.js", "/js/a.3f2a9c1b.js", "/*", "/a(b).js", ""})
    EXPECT_EQ(pattern_of_versions(target), std::nullopt) << target;
}

}  // namespace
}  // namespace railgun::dictionary
