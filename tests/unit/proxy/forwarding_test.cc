#include "railgund/proxy/forwarding.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

http::Request get() {
  http::Request request;
  request.method = "GET";
  request.host = "site.test";
  request.target = "/";
  return request;
}

http::Response html(std::uint64_t bytes = 1000) {
  http::Response response;
  response.status = 200;
  response.fields = {{"Content-Type", "text/html; charset=utf-8"}};
  response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = bytes};
  return response;
}

TEST(VisitorAddress, IsWhatTheSenderVouchedFor) {
  EXPECT_EQ(visitor_address({{"x-forwarded-for", "10.0.0.1, 192.0.2.7"}, {"x-real-ip", "192.0.2.7"}}), "192.0.2.7");
  EXPECT_EQ(visitor_address({{"x-forwarded-for", "10.0.0.1, 192.0.2.7"}}), "192.0.2.7");
  EXPECT_EQ(visitor_address({{"x-forwarded-for", "2001:db8::1"}}), "2001:db8::1");
  EXPECT_EQ(visitor_address({}), "");
}

TEST(VisitorFields, NameTheVisitorAndForgetWhatHeClaims) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-For", "6.6.6.6"}, {"CF-Connecting-IP", "6.6.6.6"}, {"Accept", "*/*"}};
  add_visitor_fields(request, "192.0.2.1", {});
  EXPECT_EQ(field_value(request.fields, "x-forwarded-for"), "192.0.2.1");
  EXPECT_EQ(field_value(request.fields, "x-real-ip"), "192.0.2.1");
  EXPECT_EQ(field_value(request.fields, "x-forwarded-proto"), "http");
  EXPECT_EQ(field_value(request.fields, "via"), "1.1 railgun");
  EXPECT_EQ(find_field(request.fields, "cf-connecting-ip"), nullptr);
}

TEST(VisitorFields, AddToWhatATrustedProxySays) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-For", "198.51.100.7"},
                    {"X-Forwarded-Proto", "https"},
                    {"Via", "1.1 front"},
                    {"CF-Connecting-IP", "198.51.100.7"}};
  add_visitor_fields(request, "192.0.2.1", {"10.0.0.0/8", "192.0.2.0/24"});
  EXPECT_EQ(field_value(request.fields, "x-forwarded-for"), "198.51.100.7, 192.0.2.1");
  EXPECT_EQ(field_value(request.fields, "x-forwarded-proto"), "https");
  EXPECT_EQ(field_value(request.fields, "via"), "1.1 front, 1.1 railgun");
  EXPECT_EQ(field_value(request.fields, "cf-connecting-ip"), "198.51.100.7");
}

TEST(OriginRequest, AsksForIdentityAndNamesAUserAgent) {
  http::Request request = get();
  request.fields = {{"Accept-Encoding", "gzip, br"}};
  prepare_origin_request(request, config::Config{});
  EXPECT_EQ(field_value(request.fields, "accept-encoding"), "identity");
  EXPECT_TRUE(field_value(request.fields, "user-agent").starts_with("Railgun/"));
}

TEST(WorthADelta, IsTextWithABody) {
  EXPECT_TRUE(is_worth_delta(get(), html()));
  for (const char* type :
       {"application/json", "application/rss+xml", "text/css", "application/javascript", "TEXT/HTML ;x"}) {
    http::Response response = html();
    response.fields[0].value = type;
    EXPECT_TRUE(is_worth_delta(get(), response)) << type;
  }
  for (const char* type : {"image/png", "application/octet-stream", "text/event-stream", "", "video/mp4"}) {
    http::Response response = html();
    response.fields[0].value = type;
    EXPECT_FALSE(is_worth_delta(get(), response)) << type;
  }
}

TEST(WorthADelta, IsNothingTinyPartialOrBodiless) {
  EXPECT_FALSE(is_worth_delta(get(), html(63)));
  EXPECT_TRUE(is_worth_delta(get(), html(64)));
  for (const unsigned status : {204U, 206U, 304U}) {
    http::Response response = html();
    response.status = status;
    EXPECT_FALSE(is_worth_delta(get(), response)) << status;
  }
  http::Request head = get();
  head.method = "HEAD";
  EXPECT_FALSE(is_worth_delta(head, html()));
}

TEST(WorthADelta, IsWhatGzipAloneHides) {
  http::Response response = html();
  response.fields.push_back({"Content-Encoding", "gzip"});
  EXPECT_TRUE(is_worth_delta(get(), response));
  response.fields.back().value = "br";
  EXPECT_FALSE(is_worth_delta(get(), response));
  response.fields.back().value = "gzip";
  response.fields.push_back({"Cache-Control", "private, No-Transform"});
  EXPECT_FALSE(is_worth_delta(get(), response));
}

TEST(Keep, FollowsNoStore) {
  http::Response response = html();
  EXPECT_EQ(keep_of(get(), response, config::NoStore::kMemory), page::Keep::kStoreToo);
  response.fields.push_back({"Cache-Control", "no-cache, no-store=1"});
  EXPECT_EQ(keep_of(get(), response, config::NoStore::kMemory), page::Keep::kMemoryOnly);
  EXPECT_EQ(keep_of(get(), response, config::NoStore::kNever), std::nullopt);
  EXPECT_EQ(keep_of(get(), response, config::NoStore::kAll), page::Keep::kStoreToo);
  response.status = 500;
  EXPECT_EQ(keep_of(get(), response, config::NoStore::kAll), std::nullopt);
}

TEST(HostName, HasNoPort) {
  EXPECT_EQ(host_name("site.test:8080"), "site.test");
  EXPECT_EQ(host_name("[::1]:80"), "::1");
  EXPECT_EQ(host_name("site.test"), "site.test");
}

}  // namespace
}  // namespace railgun::proxy
