#include "railgund/http2/request_head.h"

#include <gtest/gtest.h>

#include "tests/unit/http/transcript.h"
#include "wire.h"

namespace railgun::http2 {
namespace {

// The request, or the status and reason of the refusal.
std::string read(const Fields& fields, bool ends = true, bool secure = true, RequestHeadLimits limits = {1000, 20}) {
  RequestHead head(limits);
  for (const Field& field : fields) head.add(field.name, field.value);
  const auto request = std::move(head).finish(ends, secure);
  if (!request) return std::to_string(request.error().status) + " " + request.error().text;
  EXPECT_EQ(request->major_version, 2);
  return http::test::text_of(*request);
}

Fields with(Fields more, Fields fields = test::get()) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Fields without(std::string_view name, Fields fields = test::get()) {
  remove_fields(fields, name);
  return fields;
}

Fields changed(std::string_view name, std::string_view value, Fields fields = test::get()) {
  set_field(fields, name, value);
  return fields;
}

TEST(Http2RequestHead, ReadsARequest) {
  EXPECT_EQ(read(test::get("/a?b", "Example.com:443")), "GET /a?b host=example.com:443 body=none secure");
  EXPECT_EQ(read(changed(":method", "POST"), false), "POST / host=a body=chunked secure");
  EXPECT_EQ(read(with({{"content-length", "3"}}, changed(":method", "POST")), false), "POST / host=a body=3 secure");
  EXPECT_EQ(read(with({{"expect", "100-continue"}}, changed(":method", "PUT")), false),
            "PUT / host=a body=chunked secure expects");
  EXPECT_EQ(read(changed(":path", "*", changed(":method", "OPTIONS"))), "OPTIONS * host=a body=none secure");
}

TEST(Http2RequestHead, TakesTheSchemeOrTheConnectionForSecure) {
  EXPECT_EQ(read(changed(":scheme", "http"), true, false), "GET / host=a body=none");
  EXPECT_EQ(read(changed(":scheme", "http"), true, true), "GET / host=a body=none secure");
  EXPECT_EQ(read(test::get(), true, false), "GET / host=a body=none secure");
  EXPECT_EQ(read(changed(":scheme", "ftp")), "400 a scheme other than http and https");
}

TEST(Http2RequestHead, WantsEachPseudoFieldOnceAndFirst) {
  for (const char* name : {":method", ":scheme", ":path"}) EXPECT_TRUE(read(without(name)).starts_with("400 ")) << name;
  EXPECT_EQ(read(without(":authority")), "400 no Host");
  for (const char* name : {":method", ":scheme", ":path", ":authority"})
    EXPECT_EQ(read(with({{name, "/"}})), "400 a pseudo-field came twice") << name;
  EXPECT_EQ(read(with({{":status", "200"}})), "400 an unknown pseudo-field");
  EXPECT_EQ(read(with({{"a", "b"}, {":late", "1"}})), "400 an unknown pseudo-field");
  Fields late = test::get();
  late.insert(late.begin() + 1, {"a", "b"});
  EXPECT_EQ(read(late), "400 a pseudo-field after a field");
  EXPECT_EQ(read(changed(":path", "")), "400 malformed path");
  EXPECT_EQ(read(changed(":path", "http://b/")), "400 malformed path");
  EXPECT_EQ(read(changed(":path", "*")), "400 target * is for OPTIONS only");
  EXPECT_EQ(read(changed(":path", "/a b")), "400 malformed target");
}

TEST(Http2RequestHead, TakesHostIfItAgrees) {
  EXPECT_EQ(read(with({{"host", "A:443"}})), "GET / host=a body=none secure");
  EXPECT_EQ(read(with({{"host", "b"}}, without(":authority"))), "GET / host=b body=none secure");
  EXPECT_EQ(read(with({{"host", "b"}})), "400 Host and :authority name different hosts");
  EXPECT_EQ(read(with({{"host", "a"}, {"host", "a"}})), "400 Host came twice");
  EXPECT_EQ(read(changed(":authority", "user@a")), "400 malformed host");
  EXPECT_EQ(read(changed(":authority", "")), "400 malformed host");
}

TEST(Http2RequestHead, RefusesFieldsOfHttp1Connections) {
  for (const char* name : {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"})
    EXPECT_EQ(read(with({{name, "x"}})), "400 a field of HTTP/1.1 connections") << name;
  EXPECT_EQ(read(with({{"te", "gzip"}})), "400 TE other than trailers");
  EXPECT_EQ(read(with({{"te", "Trailers"}})), "GET / host=a body=none secure trailers");
}

TEST(Http2RequestHead, RefusesMalformedFields) {
  for (const char* name : {"", "Upper", "a b", "a:", "a\n"})
    EXPECT_EQ(read(with({{name, "x"}})), "400 a malformed field name");
  for (const char* value : {"a\r\nb", "a\nb", " a", "a\t", "\x01"})
    EXPECT_EQ(read(with({{"a", value}})), "400 a malformed field value");
  EXPECT_EQ(read(with({{"a", std::string("x\0y", 3)}})), "400 a malformed field value");
}

TEST(Http2RequestHead, RefusesLengthsThatAreNotTrue) {
  const Fields put = changed(":method", "PUT");
  EXPECT_EQ(read(with({{"content-length", "3"}}, put)), "400 Content-Length of a request without a body");
  EXPECT_EQ(read(with({{"content-length", "0"}}, put)), "PUT / host=a body=0 secure");
  EXPECT_EQ(read(with({{"content-length", "3"}, {"content-length", "3"}}, put), false),
            "400 Content-Length came twice");
  EXPECT_EQ(read(with({{"content-length", "+3"}}, put), false), "400 malformed Content-Length");
  EXPECT_TRUE(read(with({{"content_length", "3"}}, put), false).starts_with("400 a field that can be taken"));
}

TEST(Http2RequestHead, JoinsCookieCrumbs) {
  EXPECT_EQ(read(with({{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c=3"}})),
            "GET / host=a body=none secure [cookie=a=1; b=2; c=3] [x=y]");
}

TEST(Http2RequestHead, MakesAnUpgradeOfAWebSocketsConnect) {
  const Fields connect = changed(":method", "CONNECT", with({{":protocol", "websocket"}}));
  EXPECT_EQ(read(with({{"sec-websocket-key", "mine"}, {"sec-websocket-version", "13"}}, connect), false),
            "GET / host=a body=none secure upgrade=websocket [sec-websocket-version=13] "
            "[sec-websocket-key=UmFpbGd1biwgSFRUUC8yLg==]");
  EXPECT_EQ(read(connect, true), "400 CONNECT with a body or an end");
  EXPECT_EQ(read(with({{"content-length", "1"}}, connect), false), "400 CONNECT with a body or an end");
  EXPECT_TRUE(read(changed(":protocol", "connect-udp", connect), false).starts_with("501 "));
  EXPECT_TRUE(read(changed(":method", "CONNECT"), false).starts_with("501 "));
  EXPECT_EQ(read(with({{":protocol", "websocket"}}), false), "400 :protocol without CONNECT");
}

TEST(Http2RequestHead, IsBoundedInBytesAndInFields) {
  Fields fields = test::get();  // 4 fields, 45 bytes and four for each
  const std::size_t bytes = fields_bytes(fields) + 4 * fields.size();
  EXPECT_TRUE(read(fields, true, true, {bytes, 4}).starts_with("GET"));
  EXPECT_TRUE(read(fields, true, true, {bytes - 1, 4}).starts_with("431"));
  EXPECT_TRUE(read(fields, true, true, {bytes, 3}).starts_with("431"));
  RequestHead head({100, 10});
  head.add("a", std::string(1000, 'x'));
  EXPECT_TRUE(head.is_too_large());
  EXPECT_EQ(head.bytes(), 1005U);
}

TEST(Http2RequestHead, TellsThePriority) {
  RequestHead head({1000, 10});
  EXPECT_EQ(head.priority(), std::nullopt);
  head.add("priority", "u=1");
  EXPECT_EQ(head.priority(), (Priority{.urgency = 1, .incremental = false}));
  head.add("priority", "u=2");
  EXPECT_EQ(head.priority(), std::nullopt);
}

}  // namespace
}  // namespace railgun::http2
