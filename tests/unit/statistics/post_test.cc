#include "railgund/statistics/post.h"

#include <gtest/gtest.h>

namespace railgun::statistics {
namespace {

TEST(PostTarget, TakesAUrlApart) {
  const auto target = parse_post_url("https://Stats.Example:8443/in?key=1&b=2#part");
  ASSERT_TRUE(target.has_value());
  EXPECT_TRUE(target->secure);
  EXPECT_EQ(target->endpoint, (Endpoint{"Stats.Example", 8443}));
  EXPECT_EQ(target->host, "stats.example:8443");
  EXPECT_EQ(target->path, "/in?key=1&b=2");
  EXPECT_EQ(target->authorization, "");
}

TEST(PostTarget, KnowsTheUsualPortsAndPath) {
  EXPECT_EQ(parse_post_url("http://a.example")->endpoint.port, 80);
  EXPECT_EQ(parse_post_url("https://a.example")->endpoint.port, 443);
  EXPECT_EQ(parse_post_url("http://a.example")->path, "/");
  EXPECT_EQ(parse_post_url("http://a.example?x")->path, "/?x");
  EXPECT_EQ(parse_post_url("HTTP://[2001:db8::1]:81/")->endpoint, (Endpoint{"2001:db8::1", 81}));
}

TEST(PostTarget, MakesBasicAuthorizationOfUserAndPassword) {
  EXPECT_EQ(parse_post_url("http://me:secret@a.example/")->authorization, "Basic bWU6c2VjcmV0");
  EXPECT_EQ(parse_post_url("http://me:a%40b@a.example/")->authorization, "Basic bWU6YUBi");
  EXPECT_EQ(parse_post_url("http://u:p@a.example/")->authorization, "Basic dTpw");
}

TEST(PostTarget, ShowsNoSecrets) {
  EXPECT_EQ(shown(*parse_post_url("https://me:secret@a.example/in?key=secret")), "https://a.example:443");
}

TEST(PostTarget, RefusesWhatIsNoUrl) {
  for (const char* url : {"", "a.example", "ftp://a.example/", "http://", "http:///in", "http://a.example:0/",
                          "http://a.example:99999/", "://a", "http://user@"}) {
    EXPECT_FALSE(parse_post_url(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace railgun::statistics
