#include "railgund/http2/client_connection.h"

#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include "tests/unit/http/transcript.h"
#include "tests/unit/http2/wire.h"

namespace railgun::http2 {
namespace {

using namespace std::chrono_literals;
using test::frame;
using test::headers;
using test::number;
using Kind = http::BodyLength::Kind;

const std::string kAnswer = frame(test::kSettings, 0, 0, {}) + frame(test::kSettings, test::kAck, 0, {});

// An origin at the other end of a ClientConnection, and the layer above it.
class Origin {
 public:
  explicit Origin(const http::ClientLimits& limits = {}) : connection(limits, now) {
    gets();
    sends(kAnswer);
    gets();
  }

  void asks(std::uint64_t tag, http::BodyLength body = {}, std::string_view method = "GET", bool is_long = false) {
    http::Request request{.method = std::string(method), .target = "/", .host = "a", .secure = true, .body = body};
    connection.send_request(tag, request, is_long, now);
  }
  void sends(std::string_view bytes) { connection.receive(as_bytes(bytes), now); }
  // What came up since the last call, each request with its tag.
  std::string heard() {
    std::map<std::uint64_t, http::test::Transcript> transcripts;
    while (auto event = connection.poll()) transcripts[event->tag].add(event->event);
    std::string all;
    for (const auto& [tag, transcript] : transcripts) all += std::to_string(tag) + ": " + transcript.text();
    return all;
  }
  // Types and streams of the frames written since the last call, with END_STREAM as ".", sizes of data, codes of resets.
  std::string gets(std::size_t at_once = 1 << 20) {
    while (connection.wants_write()) {
      Bytes piece;
      if (connection.pull(piece, at_once, now) == 0) break;
      received_ += as_text(piece);
    }
    if (received_.starts_with(kPreface)) received_.erase(0, kPreface.size());
    std::string text;
    for (const test::Frame& next : test::take_frames(received_)) {
      constexpr const char* kNames[] = {"data", "headers", "priority", "reset",  "settings",
                                        "push", "ping",    "goaway",   "window", "continuation"};
      text += std::string(text.empty() ? "" : " ") + kNames[next.type];
      if (next.stream != 0) text += ' ' + std::to_string(next.stream);
      if (next.type == test::kData) text += ' ' + std::to_string(next.payload.size());
      if (next.type == test::kRstStream) text += " code " + std::to_string(next.u32(0));
      if ((next.type == test::kData || next.type == test::kHeaders) && (next.flags & test::kEndStream) != 0)
        text += '.';
    }
    return text;
  }
  void passes(Duration time) {
    now += time;
    connection.on_deadline(now);
  }

  Instant now{};
  ClientConnection connection;

 private:
  std::string received_;
};

std::string ok(std::uint32_t stream, bool ends = false) {
  return headers(stream, {{":status", "200"}, {"server", "s"}}, ends);
}
std::string body(std::uint32_t stream, std::string_view text, bool ends = true) {
  return frame(test::kData, ends ? test::kEndStream : 0, stream, text);
}

TEST(Http2ClientConnection, SaysNothingMoreOfWhatWasCancelled) {
  Origin origin;
  origin.asks(7);
  origin.asks(8);
  origin.gets();
  // It ends all requests; nobody has heard of it yet.
  origin.sends("HTTP/1.1 400 Bad Request\r\n\r\n");
  origin.gets();
  origin.connection.cancel(7);
  const std::string heard = origin.heard();
  EXPECT_EQ(heard.find("7:"), std::string::npos) << heard;
  EXPECT_NE(heard.find("8:"), std::string::npos) << heard;
}

TEST(Http2ClientConnection, GivesTheAnswersOfManyRequestsInAnyOrder) {
  Origin origin;
  origin.asks(7);
  origin.asks(9);
  EXPECT_EQ(origin.gets(), "headers 1. headers 3.");
  EXPECT_EQ(origin.connection.open_requests(), 2U);
  origin.sends(ok(3) + ok(1) + body(1, "one") + body(3, "two", false) + body(3, ""));
  EXPECT_EQ(origin.heard(),
            "7: response 200 OK body=chunked [server=s]\nbody one\nend\n"
            "9: response 200 OK body=chunked [server=s]\nbody two\nend\n");
  EXPECT_EQ(origin.connection.open_requests(), 0U);
  EXPECT_TRUE(origin.connection.can_ask());
}

TEST(Http2ClientConnection, WritesARequestsHeadWithoutFieldsOfOneHop) {
  http::ClientLimits limits;
  ClientConnection connection(limits, Instant{});
  http::Request request{.method = "POST", .target = "/a?b", .host = "site.test", .body = {Kind::kKnown, 2}};
  request.fields = {
      {"Cookie", "c"}, {"connection", "x"}, {"host", "evil"}, {"expect", "100-continue"}, {"bad name", "x"}};
  request.accepts_trailers = true;
  connection.send_request(1, request, false, Instant{});
  connection.send_body(1, as_bytes("hi"), Instant{});
  connection.send_end(1, Instant{});
  Bytes bytes;
  while (connection.wants_write()) connection.pull(bytes, 1 << 20, Instant{});
  nghttp2_hd_inflater* made = nullptr;
  ASSERT_EQ(nghttp2_hd_inflate_new(&made), 0);
  std::string text(as_text(bytes));
  text.erase(0, kPreface.size());
  std::string head;
  for (const test::Frame& next : test::take_frames(text)) {
    if (next.type == test::kData) head += "| " + next.payload;
    if (next.type != test::kHeaders) continue;
    ByteView rest = as_bytes(next.payload);
    for (;;) {
      nghttp2_nv field{};
      int flags = 0;
      const ssize_t taken = nghttp2_hd_inflate_hd2(made, &field, &flags, rest.data(), rest.size(), 1);
      ASSERT_GE(taken, 0);
      rest = rest.subspan(static_cast<std::size_t>(taken));
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0)
        head += std::string(as_text({field.name, field.namelen})) + "=" +
                std::string(as_text({field.value, field.valuelen})) + " ";
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
    }
  }
  nghttp2_hd_inflate_del(made);
  EXPECT_EQ(head,
            ":method=POST :scheme=http :authority=site.test :path=/a?b cookie=c te=trailers content-length=2 | hi");
}

TEST(Http2ClientConnection, GivesInterimAnswersAndTrailers) {
  Origin origin;
  origin.asks(1);
  origin.gets();
  origin.sends(headers(1, {{":status", "103"}, {"link", "</a>"}}, false) + ok(1) + body(1, "b", false) +
               headers(1, {{"grpc-status", "0"}, {"set-cookie", "evil"}}));
  EXPECT_EQ(origin.heard(),
            "1: interim 103 [link=</a>]\nresponse 200 OK body=chunked [server=s]\nbody b\nend [grpc-status=0]\n");
}

// gRPC's answers of trailers alone: a client gets them as they are only if they are known as such.
TEST(Http2ClientConnection, KnowsAnAnswerWithoutABody) {
  Origin origin;
  origin.asks(1);
  origin.gets();
  origin.sends(ok(1, true));
  EXPECT_EQ(origin.heard(), "1: response 200 OK body=none [server=s]\nend\n");
}

TEST(Http2ClientConnection, SendsABodyAsFarAsTheStreamsWindowGoes) {
  Origin origin;
  origin.asks(1, {Kind::kChunked, 0}, "POST");
  EXPECT_EQ(origin.connection.writable_bytes(1), 0U);  // its stream is not there yet
  EXPECT_EQ(origin.gets(), "headers 1");
  EXPECT_EQ(origin.connection.poll_writable(), 1U);
  EXPECT_EQ(origin.connection.writable_bytes(1), 65535U);
  origin.connection.send_body(1, Bytes(65535, 'x'), origin.now);
  origin.gets();
  EXPECT_EQ(origin.connection.writable_bytes(1), 0U);
  while (origin.connection.poll_writable()) {
  }
  origin.sends(frame(test::kWindowUpdate, 0, 1, number(10, 4)) + frame(test::kWindowUpdate, 0, 0, number(10, 4)));
  EXPECT_EQ(origin.connection.poll_writable(), 1U);
  EXPECT_EQ(origin.connection.writable_bytes(1), 10U);
  origin.connection.send_end(1, origin.now, {{"x-sum", "1"}});
  EXPECT_EQ(origin.gets(), "headers 1.");
}

TEST(Http2ClientConnection, GivesNoMoreThanAStreamsWindowToAReaderThatStands) {
  http::ClientLimits limits;
  limits.unread_bytes = 65535;
  Origin origin(limits);
  origin.asks(1);
  origin.asks(2);
  origin.gets();
  origin.sends(ok(1) + ok(3));
  for (int i = 0; i < 4; ++i) origin.sends(body(1, std::string(16000, 'x'), false));
  EXPECT_EQ(origin.gets(), "");
  // The other stream goes on: the connection's window is theirs together.
  for (int i = 0; i < 4; ++i) origin.sends(body(3, std::string(16000, 'y'), false));
  origin.heard();
  origin.connection.body_consumed(1, 40'000, origin.now);
  EXPECT_EQ(origin.gets(), "window 1");
  EXPECT_EQ(origin.connection.open_requests(), 2U);
}

TEST(Http2ClientConnection, LosesOneStreamByAResetAndGoesOn) {
  Origin origin;
  origin.asks(1);
  origin.asks(2);
  origin.asks(3);
  origin.gets();
  origin.sends(ok(1) + body(1, "half", false) + frame(test::kRstStream, 0, 1, number(NGHTTP2_INTERNAL_ERROR, 4)) +
               frame(test::kRstStream, 0, 3, number(NGHTTP2_INTERNAL_ERROR, 4)) + ok(5) + body(5, "whole"));
  EXPECT_EQ(origin.heard(),
            "1: response 200 OK body=chunked [server=s]\nbody half\n"
            "failed malformed begun: the origin has reset the request in the middle of its answer (INTERNAL_ERROR)\n"
            "2: failed malformed: the origin has reset the request instead of answering (INTERNAL_ERROR)\n"
            "3: response 200 OK body=chunked [server=s]\nbody whole\nend\n");
  EXPECT_TRUE(origin.connection.can_ask());
  EXPECT_EQ(origin.gets(), "");
}

TEST(Http2ClientConnection, TellsWhatTheOriginHasNotProcessed) {
  Origin origin;
  origin.asks(1);
  origin.asks(2);
  origin.asks(3);
  origin.gets();
  origin.sends(frame(test::kRstStream, 0, 1, number(NGHTTP2_REFUSED_STREAM, 4)));
  origin.sends(frame(test::kGoaway, 0, 0, number(3, 4) + number(NGHTTP2_NO_ERROR, 4)));
  std::map<std::uint64_t, bool> failed;
  while (auto event = origin.connection.poll()) {
    const auto& failure = std::get<http::ExchangeFailed>(event->event);
    EXPECT_EQ(failure.error.code, Errc::kUnavailable);
    failed[event->tag] = failure.not_processed;
  }
  EXPECT_EQ(failed, (std::map<std::uint64_t, bool>{{1, true}, {3, true}}));
  EXPECT_FALSE(origin.connection.can_ask());
  EXPECT_FALSE(origin.connection.is_over());
  origin.sends(ok(3) + body(3, "last"));
  EXPECT_EQ(origin.heard(), "2: response 200 OK body=chunked [server=s]\nbody last\nend\n");
  EXPECT_TRUE(origin.connection.is_over());
}

TEST(Http2ClientConnection, AsksNoMoreAtOnceThanTheOriginAllows) {
  Origin origin;
  origin.sends(frame(test::kSettings, 0, 0, test::setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2)));
  origin.asks(1);
  EXPECT_TRUE(origin.connection.can_ask());
  origin.asks(2);
  EXPECT_FALSE(origin.connection.can_ask());
  origin.gets();
  origin.sends(ok(1, true));
  EXPECT_TRUE(origin.connection.can_ask());
}

TEST(Http2ClientConnection, ResetsWhatNobodyWantsAnyMore) {
  Origin origin;
  origin.asks(1);
  origin.gets();
  origin.connection.cancel(1);
  EXPECT_EQ(origin.gets(), "reset 1 code 8");
  origin.sends(ok(1) + body(1, "late"));
  EXPECT_EQ(origin.heard(), "");
  EXPECT_TRUE(origin.connection.can_ask());
}

TEST(Http2ClientConnection, EndsARequestThatWasAnsweredBeforeItWasWhole) {
  Origin origin;
  origin.asks(1, {Kind::kChunked, 0}, "POST");
  origin.gets();
  origin.sends(headers(1, {{":status", "413"}}));
  EXPECT_EQ(origin.heard(), "1: response 413 Content Too Large body=none\nend\n");
  EXPECT_EQ(origin.gets(), "reset 1 code 8");
}

TEST(Http2ClientConnection, FailsAllWhenTheConnectionBreaks) {
  Origin origin;
  origin.asks(1);
  origin.asks(2);
  origin.gets();
  origin.sends(ok(1));
  origin.connection.connection_lost({Errc::kUnavailable, "connection reset"});
  EXPECT_EQ(origin.heard(),
            "1: response 200 OK body=chunked [server=s]\nfailed unavailable begun: connection reset\n"
            "2: failed unavailable: connection reset\n");
  EXPECT_TRUE(origin.connection.is_over());
}

TEST(Http2ClientConnection, FailsAllWhenTheOriginSpeaksNoHttp2) {
  Origin origin;
  origin.asks(1);
  origin.gets();
  origin.sends("HTTP/1.1 400 Bad Request\r\n\r\n");
  origin.gets();
  EXPECT_EQ(origin.heard(), "1: failed malformed: the origin breaks HTTP/2\n");
  EXPECT_TRUE(origin.connection.is_over());
}

TEST(Http2ClientConnection, HasTimeoutsForEachRequest) {
  http::ClientLimits limits;
  limits.head_timeout = 30s;
  limits.body_timeout = 60s;
  limits.upgrade_timeout = 1h;
  Origin origin(limits);
  origin.asks(1);
  origin.asks(2);
  origin.asks(3, {}, "GET", true);
  origin.gets();
  EXPECT_EQ(origin.connection.deadline(), origin.now + 30s);
  origin.passes(20s);
  origin.sends(ok(3));
  origin.passes(10s);
  EXPECT_EQ(origin.heard(),
            "1: failed timeout: the origin does not answer\n2: response 200 OK body=chunked [server=s]\n");
  EXPECT_EQ(origin.gets(), "reset 1 code 8");
  EXPECT_TRUE(origin.connection.can_ask());  // it has spoken since
  origin.passes(50s);
  EXPECT_EQ(origin.heard(), "2: failed timeout begun: the origin's answer stopped\n");
  EXPECT_FALSE(origin.connection.can_ask());  // nothing has come since
  origin.passes(1h);
  EXPECT_EQ(origin.heard(), "3: failed timeout: the origin does not answer\n");
}

TEST(Http2ClientConnection, RefusesHeadsAndTrailersOverTheLimits) {
  http::ClientLimits limits;
  limits.field_count = 4;
  Origin origin(limits);
  origin.asks(1);
  origin.asks(2);
  origin.gets();
  Fields many{{":status", "200"}};
  for (int i = 0; i < 5; ++i) many.push_back({"x", "y"});
  origin.sends(headers(1, many));
  origin.sends(ok(3) + headers(3, Fields(65, {"x", "y"})));
  EXPECT_EQ(origin.heard(),
            "1: failed too large begun: answer: the head is too large\n"
            "2: response 200 OK body=chunked [server=s]\nfailed too large begun: answer: the trailers are too large\n");
  EXPECT_TRUE(origin.connection.can_ask());
}

TEST(Http2ClientConnection, ResetsAnAnswerThatIsNotAsLongAsAnnounced) {
  Origin origin;
  origin.asks(1);
  origin.gets();
  origin.sends(headers(1, {{":status", "200"}, {"content-length", "5"}}, false) + body(1, "four"));
  origin.gets();
  EXPECT_EQ(
      origin.heard(),
      "1: response 200 OK body=5\nbody four\nfailed malformed begun: the answer breaks HTTP/2 (PROTOCOL_ERROR)\n");
}

}  // namespace
}  // namespace railgun::http2
