// The strict policy, message by message: each is either refused with its status or passes in exactly one reading. Every
// message goes through a whole ServerConnection, once in one piece and once byte by byte.
#include "railgund/http/policy.h"

#include <gtest/gtest.h>

#include "railgund/http/server_connection.h"

#include "tests/unit/http/transcript.h"

namespace railgun::http {
namespace {

using namespace std::string_literals;

struct Outcome {
  std::string heard;
  std::string status;  // of the connection's own answer, if it gave one
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(std::string_view message, std::size_t piece, ServerLimits limits = {}) {
  ServerConnection connection(limits, false, Instant{});
  for (std::size_t at = 0; at < message.size(); at += piece) {
    connection.receive(as_bytes(message.substr(at, piece)), Instant{});
  }
  test::Transcript transcript;
  while (auto event = connection.poll()) transcript.add(*event);
  Bytes output;
  connection.pull(output, 1 << 20, Instant{});
  EXPECT_EQ(connection.wants_close(), !output.empty());  // a refusal ends the connection, nothing else does
  return {transcript.text(), std::string(as_text(output).substr(0, 12))};
}

struct Refused {
  std::string message;
  unsigned status;
};

class RefusedRequest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRequest, IsAnsweredWithItsStatusAndNotPassedOn) {
  const Outcome whole = outcome_of(GetParam().message, GetParam().message.size());
  EXPECT_EQ(whole.status, "HTTP/1.1 " + std::to_string(GetParam().status)) << GetParam().message;
  EXPECT_EQ(whole.heard, "");
  EXPECT_EQ(outcome_of(GetParam().message, 1), whole);
}

// A POST with these fields and a body that would be read in different ways.
std::string with_fields(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
}
std::string with_target(const std::string& line, const std::string& host = "a") {
  return line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

const Refused kFraming[] = {
    {with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
    {with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
    {with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
    {with_fields("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
    {with_fields("Content-Length: 5, 5\r\n"), 400},
    {with_fields("Content-Length: 5,\r\n"), 400},
    {with_fields("Content-Length: +5\r\n"), 400},
    {with_fields("Content-Length: -5\r\n"), 400},
    {with_fields("Content-Length: 0x5\r\n"), 400},
    {with_fields("Content-Length: 5.0\r\n"), 400},
    {with_fields("Content-Length: 1e3\r\n"), 400},
    {with_fields("Content-Length: 5 5\r\n"), 400},
    {with_fields("Content-Length: \"5\"\r\n"), 400},
    {with_fields("Content-Length:\r\n"), 400},
    {with_fields("Content-Length: 9223372036854775808\r\n"), 400},
    {with_fields("Content-Length: 18446744073709551616\r\n"), 400},
    {with_fields("Content-Length: 18446744073709551621\r\n"), 400},
    {with_fields("Content-Length : 5\r\n"), 400},
    {with_fields("Content_Length: 5\r\n"), 400},
    {with_fields("Content-Length\t: 5\r\n"), 400},
    {with_fields("Content-Length: 5\rX: y\r\n"), 400},
    {with_fields("Transfer-Encoding : chunked\r\n"), 400},
    {with_fields("Transfer_Encoding: chunked\r\n"), 400},
    {with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), 400},
    {with_fields("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), 400},
    {with_fields("Transfer-Encoding: chunked, chunked\r\n"), 501},
    {with_fields("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {with_fields("Transfer-Encoding: chunked, identity\r\n"), 501},
    {with_fields("Transfer-Encoding: identity\r\n"), 501},
    {with_fields("Transfer-Encoding: xchunked\r\n"), 501},
    {with_fields("Transfer-Encoding: chunked;q=1\r\n"), 501},
    {with_fields("Transfer-Encoding: \"chunked\"\r\n"), 501},
    {with_fields("Transfer-Encoding: ,chunked\r\n"), 501},
    {with_fields("Transfer-Encoding:\r\n"), 501},
    {with_fields("Transfer-Encoding: \x0b"s + "chunked\r\n"), 400},
    {with_fields("Transfer-Encoding: chunked\0\r\n"s), 400},
    {with_fields("Transfer-Encoding:\n chunked\r\n"), 400},
    {with_fields("Transfer-Encoding:\r\n chunked\r\n"), 400},
    {with_fields(" Transfer-Encoding: chunked\r\n"), 400},
    {with_fields("X: y\nTransfer-Encoding: chunked\r\n"), 400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
};
INSTANTIATE_TEST_SUITE_P(Framing, RefusedRequest, testing::ValuesIn(kFraming));

const Refused kGrammar[] = {
    {"GET / HTTP/1.1\nHost: a\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX(): y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\x80: y\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n", 400},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1x\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"GET /\r\n", 400},
    {"GET\r\n", 400},
    {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},  // a TLS client at the wrong port
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417},
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n\r\n", 417},
};
INSTANTIATE_TEST_SUITE_P(Grammar, RefusedRequest, testing::ValuesIn(kGrammar));

const Refused kTargets[] = {
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {with_target("GET /", ""), 400},
    {with_target("GET /", "a b"), 400},
    {with_target("GET /", "a,b"), 400},
    {with_target("GET /", "u@a"), 400},
    {with_target("GET /", "a/b"), 400},
    {with_target("GET /", "a?b"), 400},
    {with_target("GET /", "a:b"), 400},
    {with_target("GET /", "a:0"), 400},
    {with_target("GET /", "a:65536"), 400},
    {with_target("GET /", "a:80:80"), 400},
    {with_target("GET /", ":80"), 400},
    {with_target("GET /", "[::1"), 400},
    {with_target("GET /", "[::1]x"), 400},
    {with_target("GET /", "::1"), 400},
    {with_target("GET /", "[a]"), 400},
    {with_target("GET /", "a%00b"), 400},
    {with_target("GET /", "b\xc3\xbc"), 400},
    {with_target("GET http://a/", "b"), 400},
    {with_target("GET http://a:81/"), 400},
    {with_target("GET http://a:80/", "a:443"), 400},
    {"GET http://a/ HTTP/1.1\r\n\r\n", 400},
    {with_target("GET http://"), 400},
    {with_target("GET http:///x"), 400},
    {with_target("GET http://u:p@a/"), 400},
    {with_target("GET ftp://a/"), 400},
    {with_target("GET a:80"), 400},
    {with_target("GET a"), 400},
    {with_target("GET x/y"), 400},
    {with_target("GET *"), 400},
    {with_target("GET ?x"), 400},
    {with_target("GET /#x"), 400},
    {with_target("OPTIONS *x"), 400},
    {with_target("CONNECT a:443"), 501},
    {with_target("CONNECT /"), 501},
};
INSTANTIATE_TEST_SUITE_P(Targets, RefusedRequest, testing::ValuesIn(kTargets));

struct Passed {
  std::string message;
  std::string heard;
};

class PassedRequest : public testing::TestWithParam<Passed> {};

TEST_P(PassedRequest, HasOneReading) {
  const Outcome whole = outcome_of(GetParam().message, GetParam().message.size());
  EXPECT_EQ(whole.heard, GetParam().heard) << GetParam().message;
  EXPECT_EQ(whole.status, "");
  EXPECT_EQ(outcome_of(GetParam().message, 1), whole);
}

const Passed kPassed[] = {
    // Methods and targets.
    {with_target("get /"), "request get / host=a body=none\nend\n"},
    {with_target("PROPFIND /dav/"), "request PROPFIND /dav/ host=a body=none\nend\n"},
    {with_target("M-SEARCH /"), "request M-SEARCH / host=a body=none\nend\n"},
    {with_target("OPTIONS *"), "request OPTIONS * host=a body=none\nend\n"},
    {with_target("OPTIONS http://a"), "request OPTIONS * host=a body=none\nend\n"},
    {with_target("GET http://A?x"), "request GET /?x host=a body=none\nend\n"},
    {with_target("GET HTTP://a/x/../y"), "request GET /x/../y host=a body=none\nend\n"},
    {with_target("GET https://a:443/", "a"), "request GET / host=a:443 body=none secure\nend\n"},
    {with_target("GET http://a/", "a:80"), "request GET / host=a body=none\nend\n"},
    {"GET http://A/ HTTP/1.0\r\n\r\n", "request GET / host=a body=none 1.0 close\nend\n"},
    {with_target("GET //evil/"), "request GET //evil/ host=a body=none\nend\n"},
    {with_target("GET /%zz%0d%0a%"), "request GET /%zz%0d%0a% host=a body=none\nend\n"},
    {with_target("GET /b\xc3\xbc|{}\"<>\\^`"), "request GET /b\xc3\xbc|{}\"<>\\^` host=a body=none\nend\n"},
    // Hosts.
    {with_target("GET /", "EXAMPLE.com:8080"), "request GET / host=example.com:8080 body=none\nend\n"},
    {with_target("GET /", "a:"), "request GET / host=a body=none\nend\n"},
    {with_target("GET /", "[2001:DB8::1]:81"), "request GET / host=[2001:db8::1]:81 body=none\nend\n"},
    {with_target("GET /", "my_host.-x"), "request GET / host=my_host.-x body=none\nend\n"},
    {"GET / HTTP/1.0\r\n\r\n", "request GET / host= body=none 1.0 close\nend\n"},
    {"GET / HTTP/1.0\r\nHost:\r\n\r\n", "request GET / host= body=none 1.0 close\nend\n"},
    {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "request GET / host=a body=none\nend\n"},
    // Framing.
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "request GET / host=a body=0\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc", "request GET / host=a body=3\nbody abc\nend\n"},
    {"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", "request POST / host= body=1 1.0 close\nbody x\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807\r\n\r\nx",
     "request POST / host=a body=9223372036854775807\nbody x\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked \r\n\r\n1\r\nx\r\n0\r\n\r\n",
     "request POST / host=a body=chunked\nbody x\nend\n"},
    // One hop's fields.
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: y\r\n\r\n",
     "request GET / host=a body=none close [X=y]\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-One\r\nX-One: 1\r\nx-two: 2\r\nConnection: X-Two\r\n"
     "Keep-Alive: 5\r\nTE: trailers\r\nTrailer: T\r\nProxy-Connection: close\r\nProxy-Authorization: p\r\nProxy: "
     "evil\r\n"
     "X-Three: 3\r\n\r\n",
     "request GET / host=a body=none trailers [X-Three=3]\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: host, cookie\r\nCookie: c\r\n\r\n",
     "request GET / host=a body=none\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 1\r\n\r\nx",
     "request POST / host=a body=1\nbody x\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: ,, close ,\r\n\r\n", "request GET / host=a body=none close\nend\n"},
    {"GET / HTTP/1.0\r\nConnection: KEEP-ALIVE\r\n\r\n", "request GET / host= body=none 1.0\nend\n"},
    // Expectations and upgrades.
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "request GET / host=a body=none\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
     "request POST / host=a body=1 expects\n"},
    {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", "request POST / host= body=1 1.0 close\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
     "request GET / host=a body=none upgrade=websocket\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "request GET / host=a body=none\nend\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
     "request GET / host=a body=none\nend\n"},
    {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
     "request GET / host= body=none 1.0 close\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n\r\nx",
     "request POST / host=a body=1 upgrade=websocket\nbody x\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
     "request POST / host=a body=0 upgrade=tcp\nend\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: tcp\r\nTransfer-Encoding: "
     "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
     "request POST / host=a body=chunked\nbody x\nend\n"},
    // Values.
    {"GET / HTTP/1.1\r\nHost: a\r\nX:\t a\tb \t\r\nY:\r\nZ: \xff\r\n\r\n",
     "request GET / host=a body=none [X=a\tb] [Y=] [Z=\xff]\nend\n"},
};
INSTANTIATE_TEST_SUITE_P(Odd, PassedRequest, testing::ValuesIn(kPassed));

struct Chunks {
  std::string body;
  std::string heard;  // after the request; "gone" if it is refused
};

class ChunkedRequest : public testing::TestWithParam<Chunks> {};

TEST_P(ChunkedRequest, HasOneReading) {
  const std::string message = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + GetParam().body;
  const Outcome whole = outcome_of(message, message.size());
  EXPECT_EQ(whole.heard, "request POST / host=a body=chunked\n" + GetParam().heard);
  EXPECT_EQ(whole.status, GetParam().heard.find("gone") == std::string::npos ? "" : "HTTP/1.1 400");
  EXPECT_EQ(outcome_of(message, 1), whole);
  EXPECT_EQ(outcome_of(message, 7), whole);
}

const std::string kLongExtension = "1;" + std::string(8190, 'x');
const Chunks kChunks[] = {
    {"0\r\n\r\n", "end\n"},
    {"1\r\na\r\n0\r\n\r\n", "body a\nend\n"},
    {"A\r\n0123456789\r\n0\r\n\r\n", "body 0123456789\nend\n"},
    {"0000000000000000000000000000001\r\na\r\n0\r\n\r\n", "body a\nend\n"},
    {"1;a=b;c\r\na\r\n0;x\r\n\r\n", "body a\nend\n"},
    {"1 ;a=\"b;\\\"\"\r\na\r\n0\r\n\r\n", "body a\nend\n"},
    {"1\r\na\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n", "body a\nend [X=y]\n"},
    {"7fffffffffffffff\r\na", "body a\n"},
    {"8000000000000000\r\na", "gone\n"},
    {"ffffffffffffffff\r\na", "gone\n"},
    {"10000000000000001\r\na", "gone\n"},
    {"\r\n", "gone\n"},
    {"x\r\n", "gone\n"},
    {"0x1\r\na", "gone\n"},
    {"-1\r\na", "gone\n"},
    {"+1\r\na", "gone\n"},
    {" 1\r\na", "gone\n"},
    {"1 \r\na", "gone\n"},
    {"1 a\r\na", "gone\n"},
    {"1\na\n", "gone\n"},
    {"1\r\r\na", "gone\n"},
    {"1;a\nb\r\na", "gone\n"},
    {"1;a\rb\r\na", "gone\n"},
    {"1;\"\n\"\r\na", "gone\n"},
    {"1;a\0\r\na"s, "gone\n"},
    {kLongExtension.substr(0, 8190) + "\r\na\r\n0\r\n\r\n", "body a\nend\n"},
    {kLongExtension + "\r\n", "gone\n"},
    {"1\r\nab\r\n", "body a\ngone\n"},
    {"1\r\na\n", "body a\ngone\n"},
    {"1\r\na\rb", "body a\ngone\n"},
    {"1\r\na0\r\n\r\n", "body a\ngone\n"},
    {"0\r\nX y\r\n\r\n", "gone\n"},
    {"0\r\nX\r\n\r\n", "gone\n"},
    {"0\r\n: y\r\n\r\n", "gone\n"},
    {"0\r\nX : y\r\n\r\n", "gone\n"},
    {"0\r\nX: y\r\n z\r\n\r\n", "gone\n"},
    {"0\r\nX: y\n\r\n", "gone\n"},
    {"0\r\n\n", "gone\n"},
    {"0\r\n\rx", "gone\n"},
    {"0\r\nX: " + std::string(8192, 'x'), "gone\n"},
};
INSTANTIATE_TEST_SUITE_P(Odd, ChunkedRequest, testing::ValuesIn(kChunks));

TEST(HeadLimits, AreToldByTheirOwnStatus) {
  const std::string head = "GET /34567 HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n";
  const auto status_of = [&](const std::string& message, ServerLimits limits) {
    const Outcome whole = outcome_of(message, message.size(), limits);
    EXPECT_EQ(outcome_of(message, 1, limits), whole);
    return whole.status;
  };
  EXPECT_EQ(status_of(head, {.head_bytes = head.size()}), "");
  EXPECT_EQ(status_of(head, {.head_bytes = head.size() - 1}), "HTTP/1.1 431");
  EXPECT_EQ(status_of(head, {.head_bytes = 21}), "HTTP/1.1 431");
  EXPECT_EQ(status_of(head, {.head_bytes = 20}), "HTTP/1.1 414");
  EXPECT_EQ(status_of(head, {.field_count = 2}), "");
  EXPECT_EQ(status_of(head, {.field_count = 1}), "HTTP/1.1 431");
  EXPECT_EQ(status_of(std::string(100'000, 'x'), {}), "HTTP/1.1 414");
}

TEST(HopByHop, FieldsAreKnownWithoutRegardToCase) {
  EXPECT_TRUE(is_hop_by_hop("transfer-ENCODING"));
  EXPECT_TRUE(is_hop_by_hop("te"));
  EXPECT_FALSE(is_hop_by_hop("TE2"));
  EXPECT_FALSE(is_hop_by_hop("Host"));
}

}  // namespace
}  // namespace railgun::http
