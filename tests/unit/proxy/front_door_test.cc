#include "railgund/proxy/front_door.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

http::Request request(std::string target, std::string host = "a.example", std::string method = "GET") {
  http::Request made;
  made.method = std::move(method);
  made.target = std::move(target);
  made.host = std::move(host);
  return made;
}

TEST(FrontDoor, KnowsAChallengeByItsPathAndToken) {
  const std::string path = "/.well-known/acme-challenge/";
  const http::Request asked = request(path + "aZ0-_");
  EXPECT_EQ(challenge_token(asked), "aZ0-_");
  EXPECT_TRUE(challenge_token(request(path + std::string(128, 'a'), "a.example", "HEAD")));
  for (const std::string& no : {std::string(), std::string(129, 'a'), std::string("../x"), std::string("a/b"),
                                std::string("a.b"), std::string("%2e"), std::string("a?b"), std::string("a b")}) {
    EXPECT_FALSE(challenge_token(request(path + no))) << no;
  }
  EXPECT_FALSE(challenge_token(request("/.well-known/acme-challengeX/a")));
  EXPECT_FALSE(challenge_token(request(path + "a", "a.example", "POST")));
}

TEST(FrontDoor, NamesTheSamePageByHttps) {
  EXPECT_EQ(https_address(request("/a?b=c"), 443), "https://a.example/a?b=c");
  EXPECT_EQ(https_address(request("/", "a.example:8080"), 443), "https://a.example/");
  EXPECT_EQ(https_address(request("/", "a.example:8080"), 8443), "https://a.example:8443/");
  EXPECT_EQ(https_address(request("/", "[2001:db8::1]:80"), 443), "https://[2001:db8::1]/");
  EXPECT_EQ(https_address(request("*", "a.example", "OPTIONS"), 443), "https://a.example/");
}

TEST(FrontDoor, CountsMaxForwardsDown) {
  const auto counted = [](const std::string& value, const std::string& method = "OPTIONS") {
    http::Request asked = request("*", "a.example", method);
    asked.fields = {{"Accept", "*/*"}, {"Max-Forwards", value}};
    return ends_here(asked) ? "ends" : asked.fields[1].value;
  };
  EXPECT_EQ(counted("0"), "ends");
  EXPECT_EQ(counted("000", "TRACE"), "ends");
  EXPECT_EQ(counted("1"), "0");
  EXPECT_EQ(counted("010", "TRACE"), "9");
  EXPECT_EQ(counted("999999999"), "999999998");
  EXPECT_EQ(counted("99999999999999999999"), "999999998");
  for (const char* other : {"", "-1", "1, 2", "0x1", "1 2", "+0"}) EXPECT_EQ(counted(other), other);
  for (const char* method : {"GET", "HEAD", "POST", "options", "PROPFIND"}) EXPECT_EQ(counted("0", method), "0");
  http::Request twice = request("*", "a.example", "TRACE");
  twice.fields = {{"Max-Forwards", "0"}, {"max-forwards", "3"}};
  EXPECT_FALSE(ends_here(twice));
  http::Request none = request("*", "a.example", "TRACE");
  EXPECT_FALSE(ends_here(none));
}

TEST(FrontDoor, AddsFieldsThatTheAnswerDoesNotHave) {
  const Fields fixed{{"Alt-Svc", "clear"}, {"Strict-Transport-Security", "max-age=1"}, {"X-Own", "ours"}};
  Fields answer{{"x-own", "the origin's"}};
  add_fixed_fields(answer, fixed, true);
  EXPECT_EQ(answer,
            (Fields{{"x-own", "the origin's"}, {"Alt-Svc", "clear"}, {"Strict-Transport-Security", "max-age=1"}}));
  Fields over_http;
  add_fixed_fields(over_http, fixed, false);
  EXPECT_EQ(over_http, (Fields{{"Alt-Svc", "clear"}, {"X-Own", "ours"}}));
}

TEST(FrontDoor, TellsBrowsersWhereTheTimeWent) {
  using std::chrono::microseconds;
  using Way = AccessRecord::Way;
  EXPECT_EQ(server_timing(Way::kDelta, microseconds(41'250), microseconds(9'500)),
            "delta, link;dur=41.2, origin;dur=9.5");
  EXPECT_EQ(server_timing(Way::kDirect, {}, microseconds(1'012'000)), "direct, origin;dur=1012.0");
  EXPECT_EQ(server_timing(Way::kOwn, microseconds(40), {}), "own, link;dur=0.0");
}

}  // namespace
}  // namespace railgun::proxy
