#include "railgund/page/url_shape.h"

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

TEST(UrlShape, MasksNumbersAndHashes) {
  EXPECT_EQ(url_shape("/news/17"), "/news/#");
  EXPECT_EQ(url_shape("/app.3f2a9c1b.js"), "/app.#.js");
  EXPECT_EQ(url_shape("/app-1.25.3.min.js"), "/app-#.min.js");
  EXPECT_EQ(url_shape("/u/7c9e6679-7425-40de-944b-e07fc1f90ae7/x"), "/u/#-#-#-#-#/x");
  EXPECT_EQ(url_shape("/x/aGVsbG8gd29ybGQ0Mjc"), "/x/#");  // base 64
  EXPECT_EQ(url_shape("/h2o/mp3"), "/h#o/mp#");
}

TEST(WithoutNumbers, IsTheSameForBodiesThatAskForTheSame) {
  EXPECT_EQ(without_numbers(R"({"method":"stats","id":17})"), without_numbers(R"({"method":"stats","id":9999})"));
  EXPECT_EQ(without_numbers("action=beat&nonce=3f2a9c1b"), "action=beat&nonce=#");
  EXPECT_NE(without_numbers(R"({"method":"stats"})"), without_numbers(R"({"method":"users"})"));
}

TEST(UrlShape, KeepsWords) {
  for (const char* target :
       {"/", "/about", "/facade/deadbeef", "/post/one/", "/a-very-long-title-of-a-page-in-words", "*"})
    EXPECT_EQ(url_shape(target), target);
  EXPECT_EQ(url_shape(""), "");
}

TEST(UrlShape, SortsParameters) {
  EXPECT_EQ(url_shape("/q?b=2&a=x"), url_shape("/q?a=x&b=3"));
  EXPECT_NE(url_shape("/q?a=x"), url_shape("/q?a=y"));
  EXPECT_NE(url_shape("/q?a=1"), url_shape("/q?b=1"));
  EXPECT_NE(url_shape("/q?"), url_shape("/q"));
  // Where one ends and the next begins matters.
  EXPECT_NE(url_shape("/q?a=x&b=y"), url_shape("/q?a=xb&=y"));
}

TEST(UrlShape, TakesAnyLength) {
  std::string many = "/q?";
  for (int i = 0; i < 1000; ++i) many += "p" + std::string(1, static_cast<char>('a' + i % 26)) + "=x&";
  EXPECT_EQ(url_shape(many), url_shape(many));
  EXPECT_EQ(url_shape("/" + std::string(10'000, '7')), "/#");
}

TEST(UrlFolder, IsThatOfThePage) {
  EXPECT_EQ(url_folder("/news/2024/05/story-17.html?page=2"), "/news/#/#/");
  EXPECT_EQ(url_folder("/post/one/"), "/post/");
  EXPECT_EQ(url_folder("/post/one//"), "/post/");
  EXPECT_EQ(url_folder("/post/"), "/");
  EXPECT_EQ(url_folder("/"), "/");
  EXPECT_EQ(url_folder("//"), "/");
  EXPECT_EQ(url_folder("?x=/y/"), "");
}

}  // namespace
}  // namespace railgun::page
