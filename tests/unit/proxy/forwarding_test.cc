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
  EXPECT_EQ(field_value(request.fields, "cf-connecting-ip"), "198.51.100.7");
}

TEST(VisitorFields, AreOneChainOverAllLines) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-For", "10.0.0.1"}, {"Accept", "*/*"}, {"x-forwarded-for", " 203.0.113.9 ,"}};
  add_visitor_fields(request, "127.0.0.1", {"127.0.0.1"});
  EXPECT_EQ(count_fields(request.fields, "x-forwarded-for"), 1U);
  EXPECT_EQ(field_value(request.fields, "x-forwarded-for"), "10.0.0.1, 203.0.113.9, 127.0.0.1");
  // The last that no trusted proxy is.
  EXPECT_EQ(field_value(request.fields, "x-real-ip"), "203.0.113.9");
}

TEST(VisitorFields, OfAChainOfTrustedProxiesNameTheVisitor) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-For", "203.0.113.9, 10.0.0.5"}};
  add_visitor_fields(request, "10.0.0.6", {"10.0.0.0/8"});
  EXPECT_EQ(field_value(request.fields, "x-real-ip"), "203.0.113.9");
  request.fields = {{"X-Forwarded-For", "unknown"}};
  add_visitor_fields(request, "10.0.0.6", {"10.0.0.0/8"});
  EXPECT_EQ(field_value(request.fields, "x-real-ip"), "10.0.0.6");
}

TEST(VisitorFields, OfStrangersAreDroppedWhateverTheirSpelling) {
  for (const char* name :
       {"X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "X-Forwarded-Port",  "X-Forwarded-Server",
        "X-Forwarded-Ssl", "Forwarded",         "X-Real-IP",        "True-Client-IP",    "CF-Connecting-IP",
        "X-Client-IP",     "X-Original-URL",    "X_Forwarded_For",  "x_forwarded-proto", "X_Real_IP",
        "X.Forwarded.For", "CF_Connecting_IP",  "X-Forwarded_Port", "Client-IP",         "Client_Ip",
        "X-Host",          "Cf-Railgun",        "Cf_Railgun",       "Accept_Encoding",   "User_Agent",
        "User.Agent",      "Keep_Alive",        "Proxy_Connection"}) {
    http::Request request = get();
    request.fields = {{name, "6.6.6.6"}, {"Accept", "*/*"}};
    add_visitor_fields(request, "198.51.100.1", {"10.0.0.1"});
    for (const Field& field : request.fields) EXPECT_NE(field.value, "6.6.6.6") << name;
    EXPECT_NE(find_field(request.fields, "accept"), nullptr);
  }
}

TEST(VisitorFields, OfTrustedProxiesPassButForLookAlikes) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-Port", "443"}, {"Forwarded", "for=1.2.3.4"},   {"X_Forwarded_For", "6.6.6.6"},
                    {"X_Real_IP", "6.6.6.6"},    {"Accept_Encoding", "6.6.6.6"}, {"X_Custom", "1"},
                    {"User-Agent", "u"}};
  add_visitor_fields(request, "10.0.0.1", {"10.0.0.1"});
  EXPECT_EQ(field_value(request.fields, "x-forwarded-port"), "443");
  EXPECT_EQ(field_value(request.fields, "forwarded"), "for=1.2.3.4");
  EXPECT_EQ(field_value(request.fields, "x_custom"), "1");
  EXPECT_EQ(field_value(request.fields, "user-agent"), "u");
  for (const Field& field : request.fields) EXPECT_NE(field.value, "6.6.6.6");
}

TEST(VisitorFields, KnowAVisitorWhoseProxyNamesThePortToo) {
  for (const auto& [hop, visitor] :
       std::vector<std::pair<const char*, const char*>>{{"192.0.2.1:4711", "192.0.2.1"},
                                                        {"[2001:db8::1]:4711", "2001:db8::1"},
                                                        {"[2001:db8::1]", "2001:db8::1"},
                                                        {"2001:db8::1", "2001:db8::1"},
                                                        {"[2001:db8::1", "2001:db8::1"},
                                                        {"[", "10.0.0.1"},
                                                        {"unknown", "10.0.0.1"},
                                                        {"unknown:1", "10.0.0.1"}}) {
    http::Request request = get();
    request.fields = {{"X-Forwarded-For", hop}};
    add_visitor_fields(request, "10.0.0.1", {"10.0.0.1"});
    EXPECT_EQ(field_value(request.fields, "x-real-ip"), visitor) << hop;
    EXPECT_EQ(field_value(request.fields, "x-forwarded-for"), std::string(hop) + ", 10.0.0.1");
  }
}

// haproxy adds a line of its own behind the one that a visitor wrote. Behind two proxies that both add, the first one's
// counts.
TEST(VisitorFields, OfSeveralLinesAreThoseOfTheProxyThatTheVisitorCameTo) {
  http::Request request = get();
  request.fields = {{"X-Forwarded-For", "6.6.6.6, 8.8.8.8"},
                    {"X-Forwarded-Proto", "https"},
                    {"X-Forwarded-Proto", "http"},
                    {"X-Forwarded-Host", "forged.test, right.test"}};
  add_visitor_fields(request, "10.0.0.1", {"10.0.0.0/8"});
  EXPECT_EQ(count_fields(request.fields, "x-forwarded-proto"), 1U);
  EXPECT_EQ(field_value(request.fields, "x-forwarded-proto"), "http");
  EXPECT_EQ(field_value(request.fields, "x-forwarded-host"), "right.test");
  request.fields = {{"X-Forwarded-For", "8.8.8.8, 10.0.0.2"}, {"X-Forwarded-Proto", "https, http"}};
  add_visitor_fields(request, "10.0.0.1", {"10.0.0.0/8"});
  EXPECT_EQ(field_value(request.fields, "x-forwarded-proto"), "https");
  request.fields = {{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"}};
  add_visitor_fields(request, "10.0.0.1", {"10.0.0.0/8"});
  EXPECT_EQ(field_value(request.fields, "x-forwarded-proto"), "http");
}

TEST(VisitorFields, TellOfANeighbourWhoShouldProbablyBeTrusted) {
  const auto told = [](const char* client, const Fields& fields, const std::vector<std::string>& trusted) {
    http::Request request = get();
    request.fields = fields;
    return add_visitor_fields(request, client, trusted);
  };
  const Fields proto{{"X-Forwarded-Proto", "https"}};
  EXPECT_TRUE(told("127.0.0.1", proto, {}));
  EXPECT_TRUE(told("10.0.0.1", proto, {"10.0.0.2"}));
  EXPECT_TRUE(told("fd00::1", proto, {}));
  EXPECT_FALSE(told("127.0.0.1", proto, {"127.0.0.1"}));
  EXPECT_FALSE(told("8.8.8.8", proto, {}));
  EXPECT_FALSE(told("127.0.0.1", {}, {}));
  EXPECT_FALSE(told("127.0.0.1", {{"X_Forwarded_Proto", "https"}}, {}));
}

TEST(Via, NamesThePairAndTellsThatARequestCameBack) {
  const KeyedHash one(Bytes(32, 1)), two(Bytes(32, 2));
  EXPECT_EQ(pair_name(one).size(), std::string_view("railgun-00000000").size());
  EXPECT_NE(pair_name(one), pair_name(two));
  http::Request request = get();
  add_via(request, pair_name(one));
  EXPECT_EQ(times_in_via(request.fields, pair_name(one)), 1U);
  EXPECT_EQ(times_in_via(request.fields, pair_name(two)), 0U);
  request.minor_version = 0;
  add_via(request, pair_name(two));
  EXPECT_EQ(field_value(request.fields, "via"), "1.1 " + pair_name(one) + ", 1.0 " + pair_name(two));
  // As others write it, on lines of their own.
  request.fields = {{"Via", "1.1 front"}, {"VIA", "HTTP/1.1 RAILGUN-X (comment),1.1 railgun-x"}, {"Via", "railgun-x"}};
  EXPECT_EQ(times_in_via(request.fields, "railgun-x"), 2U);
}

TEST(OriginRequest, AsksForIdentityAndNamesAUserAgent) {
  http::Request request = get();
  request.fields = {{"Accept-Encoding", "gzip, br"}};
  prepare_origin_request(request, config::Config{});
  EXPECT_EQ(field_value(request.fields, "accept-encoding"), "identity");
  EXPECT_TRUE(field_value(request.fields, "user-agent").starts_with("Railgun/"));
}

// Storage and APIs check signatures over what the client sent.
TEST(OriginRequest, LeavesAnAcceptEncodingThatIsSigned) {
  const std::string amazon =
      "AWS4-HMAC-SHA256 Credential=A/20260101/r/s3/aws4_request, SignedHeaders=accept-encoding;host;x-amz-date, "
      "Signature=0";
  struct Case {
    std::string target;
    Fields fields;
    bool is_signed;
  };
  for (const Case& each :
       {Case{"/k", {{"Authorization", amazon}}, true},
        Case{"/k?X-Amz-SignedHeaders=Accept-Encoding%3Bhost&X-Amz-Signature=0", {}, true},
        Case{"/k", {{"Signature-Input", "sig=(\"accept-encoding\" \"host\");created=1"}}, true},
        Case{"/k", {{"Authorization", "Signature keyId=\"a\",headers=\"host accept-encoding\""}}, true},
        Case{"/k", {{"Authorization", "AWS4-HMAC-SHA256 SignedHeaders=host;x-amz-date"}}, false},
        Case{"/accept-encoding?X-Amz-SignedHeaders=host&a=accept-encoding", {}, false},
        Case{"/k", {{"X-Other", amazon}}, false}}) {
    http::Request request = get();
    request.target = each.target;
    request.fields = each.fields;
    request.fields.push_back({"Accept-Encoding", "gzip;q=0.5"});
    prepare_origin_request(request, config::Config{});
    EXPECT_EQ(field_value(request.fields, "accept-encoding"), each.is_signed ? "gzip;q=0.5" : "identity")
        << each.target;
  }
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

TEST(Asset, IsWhatBrowsersKeepForAllVisitors) {
  http::Response response = html();
  EXPECT_FALSE(is_asset(get(), response));
  for (const char* type : {"text/css", "text/javascript; charset=utf-8", "image/svg+xml", "font/ttf"}) {
    response.fields[0].value = type;
    EXPECT_TRUE(is_asset(get(), response)) << type;
  }
  for (const Field& field :
       Fields{{"Set-Cookie", "a=b"}, {"Cache-Control", "max-age=5, private"}, {"Cache-Control", "no-store"}}) {
    http::Response own = response;
    own.fields.push_back(field);
    EXPECT_FALSE(is_asset(get(), own)) << field.name << field.value;
  }
  http::Request post = get();
  post.method = "POST";
  EXPECT_FALSE(is_asset(post, response));
  response.status = 404;
  EXPECT_FALSE(is_asset(get(), response));
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

TEST(Keep, LeavesAnswersToOtherMethodsInMemory) {
  http::Response response = html();
  http::Request request = get();
  for (const char* method : {"POST", "PROPFIND", "REPORT", "DELETE"}) {
    request.method = method;
    EXPECT_EQ(keep_of(request, response, config::NoStore::kAll), page::Keep::kMemoryOnly) << method;
  }
  response.status = 422;
  EXPECT_EQ(keep_of(request, response, config::NoStore::kMemory), page::Keep::kMemoryOnly);
  response.status = 500;
  EXPECT_EQ(keep_of(request, response, config::NoStore::kAll), std::nullopt);
  response.status = 200;
  request.method = "HEAD";
  EXPECT_EQ(keep_of(request, response, config::NoStore::kAll), std::nullopt);
  // A query in the body of a GET.
  request = get();
  request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 10};
  EXPECT_EQ(keep_of(request, response, config::NoStore::kAll), page::Keep::kMemoryOnly);
}

TEST(HostName, HasNoPort) {
  EXPECT_EQ(host_name("site.test:8080"), "site.test");
  EXPECT_EQ(host_name("[::1]:80"), "::1");
  EXPECT_EQ(host_name("site.test"), "site.test");
}

TEST(ErrorAnswer, NamesNoAddressToVisitors) {
  for (const Errc code : {Errc::kUnavailable, Errc::kTimeout, Errc::kDenied}) {
    const ErrorAnswer answer = error_answer({code, "connection failed 10.0.0.5:9000: connection refused"}, "site.test");
    EXPECT_EQ(answer.line.find("10.0.0.5"), std::string::npos) << answer.line;
    EXPECT_NE(answer.line.find("site.test"), std::string::npos) << answer.line;
  }
}

}  // namespace
}  // namespace railgun::proxy
