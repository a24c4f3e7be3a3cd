#include "railgund/coding/rules.h"

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

using Kind = http::BodyLength::Kind;

const Policy kPolicy = {.preference = {Coding::kZstd, Coding::kBrotli, Coding::kGzip},
                        .min_bytes = 256,
                        .types = {"text/*", "application/json", "application/*+json", "image/svg+xml"}};
const Decision kAsItIs = {};
const Decision kGzip = {.coding = Coding::kGzip, .varies = true};
const Decision kVaries = {.coding = Coding::kIdentity, .varies = true};

http::Request request(Fields fields = {{"Accept-Encoding", "gzip"}}) {
  return {.method = "GET", .target = "/", .host = "example.com", .fields = std::move(fields)};
}

http::Response page(std::uint64_t bytes = 1000) {
  return {.status = 200, .fields = {{"Content-Type", "text/html; charset=utf-8"}}, .body = {Kind::kKnown, bytes}};
}

http::Response with(Field field, http::Response response = page()) {
  response.fields.push_back(std::move(field));
  return response;
}

http::Response of_type(const char* type) {
  http::Response response = page();
  response.fields = {{"Content-Type", type}};
  return response;
}

http::Response of_status(unsigned status) {
  http::Response response = page();
  response.status = status;
  return response;
}

TEST(Rules, CodeAPageForAClientThatTakesACoding) {
  EXPECT_EQ(decide(kPolicy, request(), page()), kGzip);
  EXPECT_EQ(decide(kPolicy, request({{"accept-encoding", "br, zstd;q=0.5"}}), page()),
            (Decision{.coding = Coding::kBrotli, .varies = true}));
  EXPECT_EQ(decide(kPolicy, request({}), page()), kVaries);
  EXPECT_EQ(decide({.preference = {}, .types = {"text/*"}}, request(), page()), kAsItIs);
}

TEST(Rules, CodeErrorPagesAndWhateverHasAWholeBody) {
  for (const unsigned status : {200U, 201U, 203U, 301U, 404U, 500U, 527U}) {
    EXPECT_EQ(decide(kPolicy, request(), of_status(status)), kGzip) << status;
  }
  for (const unsigned status : {101U, 103U, 204U, 205U, 206U, 226U, 304U}) {
    EXPECT_EQ(decide(kPolicy, request(), of_status(status)), kAsItIs) << status;
  }
}

TEST(Rules, AnswerHeadAsGet) {
  http::Request head = request();
  head.method = "HEAD";
  EXPECT_EQ(decide(kPolicy, head, page()), kGzip);
  EXPECT_EQ(decide(kPolicy, head, page(255)), kAsItIs);
}

TEST(Rules, LeaveShortBodiesAsTheyAre) {
  EXPECT_EQ(decide(kPolicy, request(), page(255)), kAsItIs);
  EXPECT_EQ(decide(kPolicy, request(), page(256)), kGzip);
  http::Response response = page();
  response.body = {Kind::kChunked, 0};
  EXPECT_EQ(decide(kPolicy, request(), response), kGzip);
  response.body = {Kind::kToClose, 0};
  EXPECT_EQ(decide(kPolicy, request(), response), kGzip);
  response.body = {};
  EXPECT_EQ(decide(kPolicy, request(), response), kAsItIs);
}

TEST(Rules, CodeTheTypesThatAreListed) {
  for (const char* type :
       {"text/html", "TEXT/CSS ;charset=x", "application/json", "application/ld+json", "image/svg+xml"}) {
    EXPECT_EQ(decide(kPolicy, request(), of_type(type)), kGzip) << type;
  }
  for (const char* type : {"image/png", "font/woff2", "application/zip", "application/jsonp", "application/+xml",
                           "text", "", "text/event-stream"}) {
    EXPECT_EQ(decide(kPolicy, request(), of_type(type)), kAsItIs) << type;
  }
  Policy policy = kPolicy;
  policy.types = {"text/event-stream"};
  EXPECT_EQ(decide(policy, request(), of_type("text/event-stream")), kGzip);
}

TEST(Rules, LeaveAloneWhatMustNotBeTouched) {
  EXPECT_EQ(decide(kPolicy, request(), with({"Cache-Control", "public, No-Transform"})), kAsItIs);
  EXPECT_EQ(decide(kPolicy, request(), with({"Cache-Control", "public, x=no-transform"})), kGzip);
  EXPECT_EQ(decide(kPolicy, request({{"Accept-Encoding", "gzip"}, {"Cache-Control", "no-transform"}}), page()),
            kAsItIs);
  EXPECT_EQ(decide(kPolicy, request(), with({"Content-Encoding", "gzip"})), kAsItIs);
  EXPECT_EQ(decide(kPolicy, request(), with({"Content-Encoding", "identity"})), kGzip);
  EXPECT_EQ(decide(kPolicy, request({{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-9"}}), page()), kAsItIs);
}

TEST(Rules, CodeEverythingForAClientThatRefusesIdentity) {
  const auto strict = request({{"Accept-Encoding", "gzip, identity;q=0"}});
  EXPECT_EQ(decide(kPolicy, strict, page(10)), kGzip);
  EXPECT_EQ(decide(kPolicy, strict, of_type("image/png")), kGzip);
  EXPECT_EQ(decide(kPolicy, strict, of_status(206)), kAsItIs);
  EXPECT_EQ(decide(kPolicy, request({{"Accept-Encoding", "*;q=0"}}), page()), kVaries);
}

TEST(Rules, ChangeTheHeadOfACodedAnswer) {
  http::Response response = page();
  response.fields = {{"Content-Type", "text/html"},
                     {"ETag", "\"v1\""},
                     {"Content-MD5", "x"},
                     {"Digest", "x"},
                     {"Repr-Digest", "x"},
                     {"Content-Digest", "x"},
                     {"Accept-Ranges", "bytes"},
                     {"Content-Length", "1000"},
                     {"Vary", "Cookie"},
                     {"Last-Modified", "x"}};
  apply(kGzip, response);
  EXPECT_EQ(response.fields, (Fields{{"Content-Type", "text/html"},
                                     {"ETag", "W/\"v1\""},
                                     {"Vary", "Cookie, Accept-Encoding"},
                                     {"Last-Modified", "x"},
                                     {"content-encoding", "gzip"}}));
  EXPECT_EQ(response.body, (http::BodyLength{Kind::kChunked, 0}));
}

TEST(Rules, AddNothingButVaryToAnAnswerThatStaysAsItIs) {
  http::Response response = with({"ETag", "\"v1\""});
  apply(kVaries, response);
  EXPECT_EQ(response.fields,
            (Fields{{"Content-Type", "text/html; charset=utf-8"}, {"ETag", "\"v1\""}, {"Vary", "Accept-Encoding"}}));
  EXPECT_EQ(response.body, (http::BodyLength{Kind::kKnown, 1000}));
  const http::Response before = page();
  response = page();
  apply(kAsItIs, response);
  EXPECT_EQ(response.fields, before.fields);
}

TEST(Rules, NameAcceptEncodingInVaryOnce) {
  for (const char* vary : {"accept-encoding", "Cookie, Accept-Encoding", "*"}) {
    http::Response response = with({"Vary", vary});
    apply(kGzip, response);
    EXPECT_EQ(field_value(response.fields, "vary"), vary);
    EXPECT_EQ(count_fields(response.fields, "vary"), 1U);
  }
}

TEST(Rules, WeakenStrongTagsAlone) {
  EXPECT_EQ(weak_tag("\"a\""), "W/\"a\"");
  EXPECT_EQ(weak_tag("W/\"a\""), "W/\"a\"");
  EXPECT_EQ(weak_tag("unquoted"), "unquoted");
}

TEST(WeakenedTags, AreMadeStrongAgainForTheOriginThatGaveThem) {
  WeakenedTags tags;
  tags.add("example.com", "\"v1\"");
  tags.add("example.com", "\"a,b\"");
  tags.add("example.com", "W/\"weak\"");
  struct Case {
    const char* asked;
    const char* forwarded;
    bool restored;
  };
  const Case cases[] = {
      {"W/\"v1\"", "\"v1\"", true},
      {"\"v1\"", "\"v1\"", false},
      {"W/\"weak\"", "W/\"weak\"", false},
      {"W/\"other\", W/\"v1\" ,W/\"a,b\"", "W/\"other\", \"v1\" ,\"a,b\"", true},
      {"*", "*", false},
      {"W/\"v1", "W/\"v1", false},
      {"W/", "W/", false},
      {"", "", false},
  };
  for (const Case& c : cases) {
    http::Request asking = request({{"If-None-Match", c.asked}});
    EXPECT_EQ(tags.restore(asking), c.restored) << c.asked;
    EXPECT_EQ(asking.fields, (Fields{{"If-None-Match", c.forwarded}}));
  }
  http::Request elsewhere = request({{"If-None-Match", "W/\"v1\""}});
  elsewhere.host = "example.net";
  EXPECT_FALSE(tags.restore(elsewhere));
}

TEST(WeakenedTags, AreForgottenWhenOthersNeedTheRoom) {
  WeakenedTags tags(1);
  tags.add("example.com", "\"v1\"");
  tags.add("example.com", "\"v2\"");
  http::Request asking = request({{"If-None-Match", "W/\"v1\", W/\"v2\""}});
  EXPECT_TRUE(tags.restore(asking));
  EXPECT_EQ(asking.fields, (Fields{{"If-None-Match", "W/\"v1\", \"v2\""}}));
}

TEST(Rules, GiveANotModifiedAnswerTheTagThatTheClientKnows) {
  http::Response response = {.status = 304, .fields = {{"ETag", "\"v1\""}}};
  apply_to_not_modified(kPolicy, true, response);
  EXPECT_EQ(response.fields, (Fields{{"ETag", "W/\"v1\""}, {"Vary", "Accept-Encoding"}}));
  response = {.status = 304, .fields = {{"ETag", "\"v1\""}}};
  apply_to_not_modified(kPolicy, false, response);
  EXPECT_EQ(response.fields, (Fields{{"ETag", "\"v1\""}}));
  response = {.status = 304, .fields = {{"Content-Type", "text/css"}}};
  apply_to_not_modified(kPolicy, false, response);
  EXPECT_EQ(response.fields, (Fields{{"Content-Type", "text/css"}, {"Vary", "Accept-Encoding"}}));
}

}  // namespace
}  // namespace railgun::coding
