#include "railgund/http/trailers.h"

#include <gtest/gtest.h>

#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/client_connection.h"
#include "railgund/http/server_connection.h"

#include "tests/unit/http/transcript.h"

namespace railgun::http {
namespace {

// What the decoder makes of a last chunk and the trailers after it, or the refusal.
std::string trailers_of(const std::string& trailers) {
  ChunkedDecoder decoder;
  Bytes body;
  const auto taken = decoder.read(as_bytes("0\r\n" + trailers + "\r\n"), body);
  if (!taken) return std::to_string(taken.error().status);
  if (!decoder.is_complete()) return "incomplete";
  return test::text_of(decoder.take_trailers());
}

TEST(Trailers, AreWhatFollowsTheLastChunk) {
  EXPECT_EQ(trailers_of(""), "");
  EXPECT_EQ(trailers_of("X-Sum: abc\r\n"), " [X-Sum=abc]");
  EXPECT_EQ(trailers_of("a:\t b c \t\r\nb:\r\n"), " [a=b c] [b=]");
}

TEST(Trailers, AreTheSameHoweverTheInputIsCut) {
  const std::string whole = "3\r\nabc\r\n0\r\ngrpc-status: 0\r\nHost: evil\r\ngrpc-message: ok\r\n\r\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    ChunkedDecoder decoder;
    Bytes body;
    ASSERT_TRUE(decoder.read(as_bytes(whole.substr(0, cut)), body));
    ASSERT_TRUE(decoder.read(as_bytes(whole.substr(cut)), body));
    ASSERT_TRUE(decoder.is_complete());
    EXPECT_EQ(test::text_of(decoder.take_trailers()), " [grpc-status=0] [grpc-message=ok]") << cut;
  }
}

TEST(Trailers, LoseFieldsThatAProgramWouldReadAsPartOfTheHead) {
  for (const char* name :
       {"Host",       "host",          "Content-Length",   "Transfer-Encoding", "Trailer",       "TE",
        "Connection", "Authorization", "Cookie",           "Set-Cookie",        "Cache-Control", "If-None-Match",
        "Range",      "Content-Type",  "Content-Encoding", "Location",          "Expect",        "Proxy-Authorization",
        "Vary",       "Age",           "Max-Forwards"}) {
    EXPECT_FALSE(may_be_trailer(name)) << name;
    EXPECT_EQ(trailers_of(std::string(name) + ": x\r\nx-sum: 1\r\n"), " [x-sum=1]") << name;
  }
  for (const char* name : {"grpc-status", "Server-Timing", "ETag", "Digest", "Content-Digest", "X-Sum", "Ifx"})
    EXPECT_TRUE(may_be_trailer(name)) << name;
  EXPECT_FALSE(may_be_trailer(""));
  EXPECT_FALSE(may_be_trailer(":status"));
}

TEST(Trailers, AreRefusedIfTheyBreakTheGrammar) {
  for (const char* broken : {" x: 1\r\n", ": 1\r\n", "x : 1\r\n", "x\r\n", "x: 1\n", "x: \x01\r\n", "x: a\rb\r\n"})
    EXPECT_EQ(trailers_of(broken), "400") << broken;
}

TEST(Trailers, HaveALimitInBytesAndInNumber) {
  const std::string fields = "x:" + std::string(kMostTrailerBytes - 6, 'y') + "\r\n";  // and the empty line: two more
  EXPECT_EQ(trailers_of(fields).size(), std::string(" [x=]").size() + kMostTrailerBytes - 6);
  EXPECT_EQ(trailers_of("y" + fields), "400");
  std::string many;
  for (std::size_t i = 0; i < kMostTrailerFields; ++i) many += "x:\r\n";
  EXPECT_NE(trailers_of(many), "400");
  EXPECT_EQ(trailers_of(many + "x:\r\n"), "400");
}

TEST(Trailers, AreWrittenWithoutWhatMustNotBeOne) {
  ByteQueue to;
  BodyWriter writer({BodyLength::Kind::kChunked, 0});
  EXPECT_TRUE(writer.end(to, {{"x-sum", "1"}, {"host", "evil"}, {"bad name", "x"}, {"x", "a\r\nb"}, {":status", "1"}}));
  EXPECT_EQ(as_text(to.view()), "0\r\nX-Sum: 1\r\n\r\n");
  ByteQueue known;
  EXPECT_TRUE(BodyWriter({BodyLength::Kind::kKnown, 0}).end(known, {{"x-sum", "1"}}));
  EXPECT_TRUE(known.empty());
}

TEST(Trailers, AreAcceptedByTheKeywordInTe) {
  EXPECT_TRUE(accepts_trailers({{"TE", "trailers"}}));
  EXPECT_TRUE(accepts_trailers({{"te", "deflate;q=0.5 , Trailers;q=1"}}));
  EXPECT_FALSE(accepts_trailers({{"TE", "trailersx, gzip"}, {"X-TE", "trailers"}}));
  EXPECT_FALSE(accepts_trailers({}));
}

// ---- through the connections

std::string pulled(auto& connection) {
  Bytes bytes;
  while (connection.wants_write()) connection.pull(bytes, 1 << 20, Instant{});
  return std::string(as_text(bytes));
}

TEST(Trailers, ReachAClientThatAcceptsThem) {
  for (const auto& [te, expected] :
       {std::pair{"TE: trailers\r\nConnection: TE\r\n", "0\r\nX-Sum: 1\r\n\r\n"}, std::pair{"", "0\r\n\r\n"}}) {
    ServerConnection connection({}, false, Instant{});
    connection.receive(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(te) + "\r\n"), Instant{});
    connection.send_response({.status = 200, .body = {BodyLength::Kind::kChunked, 0}}, Instant{});
    connection.send_end(Instant{}, {{"x-sum", "1"}});
    EXPECT_EQ(pulled(connection), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(expected));
  }
}

TEST(Trailers, OfARequestAreGivenWithItsEnd) {
  ServerConnection connection({}, false, Instant{});
  connection.receive(as_bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"),
                     Instant{});
  test::Transcript transcript;
  while (auto event = connection.poll()) transcript.add(*event);
  EXPECT_EQ(transcript.text(), "request POST / host=a body=chunked\nend [X-Sum=1]\n");
}

TEST(Trailers, GoToAnOriginAndComeFromIt) {
  ClientConnection connection({}, Instant{});
  Request request{.method = "POST", .target = "/", .host = "a", .body = {BodyLength::Kind::kChunked, 0}};
  request.accepts_trailers = true;
  connection.send_request(request, Instant{});
  connection.send_end(Instant{}, {{"x-sum", "1"}});
  EXPECT_EQ(pulled(connection),
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n"
            "0\r\nX-Sum: 1\r\n\r\n");
  connection.receive(as_bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-end: 2\r\nDate: x\r\n\r\n"),
                     Instant{});
  test::Transcript transcript;
  while (auto event = connection.poll()) transcript.add(*event);
  EXPECT_EQ(transcript.text(), "response 200 OK body=chunked\nend [x-end=2]\n");
  EXPECT_TRUE(connection.is_reusable());
}

}  // namespace
}  // namespace railgun::http
