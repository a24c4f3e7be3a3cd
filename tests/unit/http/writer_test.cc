#include "railgund/http/writer.h"

#include <gtest/gtest.h>

#include "railgund/http/answer.h"
#include "railgund/http/syntax.h"
#include "railgund/http/target.h"

namespace railgun::http {
namespace {

TEST(Writer, RefusesWhatBreaksTheGrammarOfAHead) {
  Bytes bytes;
  EXPECT_FALSE(write_request_head(bytes, {.method = "", .target = "/", .host = "a"}, {}));
  EXPECT_FALSE(write_request_head(bytes, {.method = "GET", .target = "", .host = "a"}, {}));
  EXPECT_FALSE(write_request_head(bytes, {.method = "GET", .target = "/a b", .host = "a"}, {}));
  EXPECT_FALSE(write_response_head(bytes, 99, "", {}, {}));
  EXPECT_FALSE(write_response_head(bytes, 1000, "", {}, {}));
  EXPECT_TRUE(bytes.empty());
}

TEST(Writer, GivesTheRegisteredReasonWhereThereIsNone) {
  Bytes bytes;
  ASSERT_TRUE(write_response_head(bytes, 527, "", {}, {}));
  ASSERT_TRUE(write_response_head(bytes, 599, "", {}, {}));
  ASSERT_TRUE(write_response_head(bytes, 200, "Fine", {}, {}));
  EXPECT_EQ(as_text(bytes), "HTTP/1.1 527 Railgun Error\r\n\r\nHTTP/1.1 599 Unknown\r\n\r\nHTTP/1.1 200 Fine\r\n\r\n");
}

// The link carries names in lower case. Simple devices and scripts look for the usual form.
TEST(Writer, WritesNamesInLowerCaseInTheUsualForm) {
  const std::pair<const char*, const char*> names[] = {
      {"content-type", "Content-Type"},
      {"x-requested-with", "X-Requested-With"},
      {"sec-websocket-accept", "Sec-WebSocket-Accept"},
      {"etag", "ETag"},
      {"www-authenticate", "WWW-Authenticate"},
      {"x-real-ip", "X-Real-IP"},
      {"sec-ch-ua-mobile", "Sec-CH-UA-Mobile"},
      {"soapaction", "SOAPAction"},
      {"set-cookie", "Set-Cookie"},
      {"a", "A"},
      {"-", "-"},
      {"x--y-", "X--Y-"},
      {"x_api_key", "X_api_key"},
      {"1st", "1st"},
      // As whoever wrote it wants it.
      {"X-powered-BY", "X-powered-BY"},
      {"etAg", "etAg"},
  };
  for (const auto& [name, written] : names) {
    Bytes bytes;
    ASSERT_TRUE(write_response_head(bytes, 200, "OK", {{name, "v"}}, {}));
    EXPECT_EQ(as_text(bytes), "HTTP/1.1 200 OK\r\n" + std::string(written) + ": v\r\n\r\n");
  }
  Bytes bytes;
  ASSERT_TRUE(write_request_head(bytes, {.method = "GET", .target = "/", .host = "a", .fields = {{"x-b", "v"}}}, {}));
  EXPECT_EQ(as_text(bytes), "GET / HTTP/1.1\r\nHost: a\r\nX-B: v\r\n\r\n");
}

TEST(Answer, OfOursHasAStatusThatEndsTheExchange) {
  EXPECT_EQ(as_text(small_answer(101, "x", {}, true, Framing::Connection::kUnsaid)).substr(0, 12), "HTTP/1.1 502");
  EXPECT_EQ(as_text(small_answer(503, "x", {{"Retry-After", "1"}}, false, Framing::Connection::kClose)),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\n");
}

TEST(Syntax, ReadsPlainNumbersOnly) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("0018446744073709551615"), UINT64_MAX);
  for (const char* text : {"", "18446744073709551616", "-1", "+1", " 1", "1 ", "0x1", "1.", "one"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
  }
}

TEST(Syntax, SplitsListsWithoutTheirEmptyElements) {
  EXPECT_EQ(split_list(" a,\tb ,, c d,"), (std::vector<std::string_view>{"a", "b", "c d"}));
  EXPECT_TRUE(split_list("").empty());
  EXPECT_TRUE(split_list(" , ").empty());
}

TEST(Hosts, AreTheSameWithTheUsualPortOrWithout) {
  EXPECT_TRUE(same_host("a:80", "a", false));
  EXPECT_FALSE(same_host("a:80", "a", true));
  EXPECT_TRUE(same_host("[::1]:443", "[::1]", true));
  EXPECT_FALSE(same_host("a:8080", "a", false));
}

}  // namespace
}  // namespace railgun::http
