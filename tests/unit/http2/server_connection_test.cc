#include "railgund/http2/server_connection.h"

#include <gtest/gtest.h>

#include "railgund/http/trailers.h"

#include "client.h"

namespace railgun::http2 {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::frame;
using test::get;
using test::headers;
using Kind = http::BodyLength::Kind;

constexpr StreamId kOne{1};

Fields post(std::string_view length = {}) {
  Fields fields{{":method", "POST"}, {":scheme", "https"}, {":authority", "a"}, {":path", "/"}};
  if (!length.empty()) fields.push_back({"content-length", std::string(length)});
  return fields;
}

Fields web_socket() {
  return {{":method", "CONNECT"}, {":protocol", "websocket"},      {":scheme", "https"},   {":authority", "a"},
          {":path", "/chat"},     {"sec-websocket-version", "13"}, {"origin", "https://a"}};
}

TEST(Http2ServerConnection, BeginsWithItsSettings) {
  ServerConnection connection({}, true, {});
  Bytes bytes;
  connection.pull(bytes, 1000, {});
  std::string text(as_text(bytes));
  const auto frames = test::take_frames(text);
  ASSERT_EQ(Client::text_of(frames), "settings window");
  const std::string expected =
      test::setting(3, 100) + test::setting(4, 256 * 1024) + test::setting(8, 1) + test::setting(9, 1);
  EXPECT_EQ(frames[0].payload, expected);
  EXPECT_EQ(frames[1].u32(0), 1024 * 1024 - 65535);
}

TEST(Http2ServerConnection, GivesARequestAndWritesItsAnswer) {
  Client client;
  client.sends(headers(1, {{":method", "GET"},
                           {":scheme", "https"},
                           {":authority", "Example.COM:81"},
                           {":path", "/a?b"},
                           {"cookie", "x=y"},
                           {"accept", "*/*"},
                           {"cookie", "z=1"}}));
  EXPECT_EQ(client.heard(),
            "1: request GET /a?b host=example.com:81 body=none secure [cookie=x=y; z=1] [accept=*/*]\nend\n");
  client.answers(1, "hello");
  const auto frames = client.gets();
  EXPECT_EQ(Client::text_of(frames), "headers 1 data 1 5.");
  EXPECT_EQ(frames[1].payload, "hello");
  EXPECT_TRUE(client.connection.is_idle());
}

TEST(Http2ServerConnection, TakesInputInAnyPieces) {
  const std::string input = test::opening() + headers(1, post("5"), false) + frame(test::kData, 0, 1, "hel") +
                            frame(test::kData, test::kEndStream, 1, "lo");
  ServerConnection connection({}, true, {});
  http::test::Transcript transcript;
  for (const char c : input) {
    connection.receive(as_bytes({&c, 1}), {});
    while (auto event = connection.poll()) transcript.add(event->event);
  }
  EXPECT_EQ(transcript.text(), "request POST / host=a body=5 secure\nbody hello\nend\n");
}

TEST(Http2ServerConnection, ServesManyRequestsAtOnce) {
  Client client;
  client.asks(1, "/1");
  client.asks(3, "/3");
  client.asks(5, "/5");
  client.heard();
  client.answers(5, "five");
  EXPECT_EQ(client.gets_text(), "headers 5 data 5 4.");
  client.answers(1, "one");
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 3.");
  EXPECT_FALSE(client.connection.is_idle());
  client.answers(3, "three");
  EXPECT_EQ(client.gets_text(), "headers 3 data 3 5.");
}

TEST(Http2ServerConnection, RefusesWhatThePolicyRefuses) {
  Client client;
  client.sends(headers(1, {{":method", "CONNECT"}, {":authority", "a:443"}}));
  EXPECT_EQ(client.heard(), "");
  const auto frames = client.gets();
  EXPECT_EQ(Client::text_of(frames).substr(0, 9), "headers 1");
  EXPECT_NE(frames[1].payload.find("Not Implemented"), std::string::npos) << frames[1].payload;
}

TEST(Http2ServerConnection, AnswersAHeadThatIsTooLargeAndGoesOn) {
  ServerLimits limits;
  limits.http.head_bytes = 200;
  Client client(limits);
  Fields fields = get();
  for (int i = 0; i < 3; ++i) fields.push_back({"x", std::string(60, 'y')});
  client.sends(headers(1, fields));
  EXPECT_EQ(client.heard(), "");
  const auto frames = client.gets();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_NE(frames[1].payload.find("the head is too large"), std::string::npos);
  client.asks(3);
  EXPECT_EQ(client.heard(), "3: request GET / host=a body=none secure\nend\n");
}

TEST(Http2ServerConnection, ResetsARequestThatIsMalformed) {
  Client client;
  Fields fields = get();
  fields.push_back({"connection", "close"});
  client.sends(headers(1, fields));
  client.sends(headers(3, {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}));
  fields = get();
  fields.push_back({"Upper", "case"});
  client.sends(headers(5, fields));
  EXPECT_EQ(client.heard(), "");
  EXPECT_EQ(client.gets_text(), "reset 1 code 1 reset 3 code 1 reset 5 code 1");
}

TEST(Http2ServerConnection, ResetsABodyThatIsNotAsLongAsAnnounced) {
  Client client;
  client.sends(headers(1, post("5"), false) + frame(test::kData, test::kEndStream, 1, "four"));
  client.gets();
  EXPECT_EQ(client.heard(), "");  // nobody had seen it yet
  client.sends(headers(3, post("5"), false));
  client.heard();
  client.sends(frame(test::kData, 0, 3, "sixsix"));
  EXPECT_EQ(client.gets_text(), "reset 3 code 1");
  EXPECT_EQ(client.heard(), "3: gone\n");
}

TEST(Http2ServerConnection, GivesTheTrailersOfARequestWithItsEnd) {
  Client client;
  client.sends(headers(1, post(), false) + frame(test::kData, 0, 1, "body") +
               headers(1, {{"x-sum", "1"}, {"authorization", "x"}}));
  EXPECT_EQ(client.heard(), "1: request POST / host=a body=chunked secure\nbody body\nend [x-sum=1]\n");
}

TEST(Http2ServerConnection, RefusesTooManyTrailersAndServesTheOtherStreams) {
  Client client;
  client.sends(headers(1, post(), false));
  client.heard();
  client.sends(headers(1, Fields(http::kMostTrailerFields + 1, {"x-sum", "x"})));
  EXPECT_EQ(client.heard(), "1: gone\n");
  EXPECT_TRUE(client.gets_text().starts_with("headers 1 data 1 "));
  client.asks(3);
  EXPECT_EQ(client.heard(), "3: request GET / host=a body=none secure\nend\n");
}

TEST(Http2ServerConnection, EndsAnAnswerByTrailersWhereTheClientAcceptsThem) {
  for (const bool accepts : {true, false}) {
    Client client;
    Fields fields = get();
    if (accepts) fields.push_back({"te", "trailers"});
    client.sends(headers(1, fields));
    client.heard();
    client.begins_answer(1);
    client.connection.send_body(kOne, as_bytes("body"), client.now);
    EXPECT_EQ(client.gets_text(), "headers 1 data 1 4");
    client.connection.send_end(kOne, client.now, {{"grpc-status", "0"}, {"host", "x"}});
    EXPECT_EQ(client.gets_text(), accepts ? "headers 1." : "data 1 0.");
    EXPECT_TRUE(client.connection.is_idle());
  }
}

TEST(Http2ServerConnection, SendsTrailersBehindAllOfTheBody) {
  Client client;
  Fields fields = get();
  fields.push_back({"te", "trailers"});
  client.sends(headers(1, fields));
  client.heard();
  client.begins_answer(1);
  client.connection.send_body(kOne, as_bytes("body"), client.now);
  client.connection.send_end(kOne, client.now, {{"grpc-status", "0"}});
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 4 headers 1.");
}

// gRPC knows an answer of trailers alone by END_STREAM in the frame of its head.
TEST(Http2ServerConnection, SendsAnAnswerWithoutABodyInOneFrame) {
  Client client;
  client.asks(1);
  client.heard();
  client.connection.send_response(kOne, {.status = 200, .fields = {{"grpc-status", "5"}}}, client.now);
  EXPECT_EQ(client.gets_text(), "");
  client.connection.send_end(kOne, client.now);
  EXPECT_EQ(client.gets_text(), "headers 1.");
  EXPECT_TRUE(client.connection.is_idle());
}

TEST(Http2ServerConnection, GivesAStreamsWindowBackAsItsBodyIsConsumed) {
  ServerLimits limits;
  limits.http.unread_bytes = 65535;
  Client client(limits);
  client.sends(headers(1, post(), false));
  for (int i = 0; i < 3; ++i) client.sends(frame(test::kData, 0, 1, std::string(16'000, 'x')));
  client.heard();
  EXPECT_EQ(client.gets_text(), "");
  client.connection.body_consumed(kOne, 40'000, client.now);
  EXPECT_EQ(client.gets_text(), "window 1");
}

TEST(Http2ServerConnection, TellsWhoWaitsForIt) {
  Client client;
  Fields fields = post("5");
  fields.push_back({"expect", "100-continue"});
  client.sends(headers(1, fields, false));
  EXPECT_EQ(client.heard(), "1: request POST / host=a body=5 secure expects\n");
  client.connection.send_interim(kOne, 100, {}, client.now);
  client.connection.send_interim(kOne, 100, {}, client.now);  // once is enough
  client.connection.send_interim(kOne, 103, {{"link", "</a.css>; rel=preload"}}, client.now);
  client.sends(frame(test::kData, test::kEndStream, 1, "hello"));
  client.answers(1, "ok");
  EXPECT_EQ(client.gets_text(), "headers 1 headers 1 headers 1 data 1 2.");
}

TEST(Http2ServerConnection, SendsNoBodyToHead) {
  Client client;
  Fields fields = get();
  fields[0].value = "HEAD";
  client.sends(headers(1, fields));
  client.heard();
  client.answers(1, "hello");
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 0.");
}

TEST(Http2ServerConnection, ResetsAnAnswerThatIsCutAndKeepsTheOthers) {
  Client client;
  client.asks(1);
  client.asks(3);
  client.heard();
  client.begins_answer(1);
  client.connection.send_body(kOne, as_bytes("half"), client.now);
  client.connection.abort(kOne);
  client.answers(3, "whole");
  EXPECT_EQ(client.gets_text(), "reset 1 code 2 headers 3 data 3 5.");
  EXPECT_EQ(client.heard(), "");
}

TEST(Http2ServerConnection, ResetsAnAnswerThatIsNotAsLongAsAnnounced) {
  Client client;
  client.asks(1);
  client.asks(3);
  client.heard();
  client.begins_answer(1, {Kind::kKnown, 3});
  client.connection.send_body(kOne, as_bytes("four"), client.now);
  client.begins_answer(3, {Kind::kKnown, 3});
  client.connection.send_end(StreamId{3}, client.now);
  EXPECT_EQ(client.heard(), "1: gone\n3: gone\n");
}

TEST(Http2ServerConnection, DropsTheExchangeOfACancelledRequest) {
  Client client;
  client.asks(1);
  client.asks(3);
  client.sends(frame(test::kRstStream, 0, 3, test::number(8, 4)));
  // One that was cancelled in the same bytes begins no exchange.
  EXPECT_EQ(client.heard(), "1: request GET / host=a body=none secure\nend\n");
  client.sends(frame(test::kRstStream, 0, 1, test::number(8, 4)));
  EXPECT_EQ(client.heard(), "1: gone\n");
}

TEST(Http2ServerConnection, AsksNoMoreOfARequestThatWasAnswered) {
  Client client;
  client.sends(headers(1, post("1000"), false));
  client.heard();
  client.answers(1, "no");
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 2. reset 1 code 0");
  EXPECT_TRUE(client.connection.is_idle());
}

// ---- flow control

TEST(Http2ServerConnection, HoldsNothingThatTheWindowDoesNotLetOut) {
  Client client({}, test::setting(4, 100));  // SETTINGS_INITIAL_WINDOW_SIZE
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  EXPECT_EQ(client.connection.writable_bytes(kOne), 100U);
  client.connection.send_body(kOne, Bytes(100, 'x'), client.now);
  EXPECT_EQ(client.connection.writable_bytes(kOne), 0U);
  client.gets();
  EXPECT_EQ(client.connection.writable_bytes(kOne), 0U);
  while (client.connection.poll_writable_tag()) {
  }
  client.opens_window(1, 50);
  EXPECT_EQ(client.connection.writable_bytes(kOne), 50U);
  EXPECT_EQ(client.connection.poll_writable_tag(), 1001U);
  EXPECT_EQ(client.connection.poll_writable_tag(), std::nullopt);
}

TEST(Http2ServerConnection, SharesItsOutputAmongStreams) {
  Client client({}, test::setting(4, 10'000'000));
  client.asks(1);
  client.asks(3);
  client.heard();
  client.begins_answer(1);
  client.begins_answer(3);
  std::size_t held[2] = {0, 0};
  for (int round = 0; round < 100; ++round) {
    for (const std::uint32_t i : {0U, 1U}) {
      const StreamId stream{1 + 2 * i};
      const std::size_t room = client.connection.writable_bytes(stream);
      if (room == 0) continue;
      client.connection.send_body(stream, Bytes(std::min<std::size_t>(room, 4096)), client.now);
      held[i] += std::min<std::size_t>(room, 4096);
    }
  }
  const std::size_t limit = http::ServerLimits{}.output_bytes;
  EXPECT_LE(held[0] + held[1], limit);
  EXPECT_NEAR(static_cast<double>(held[0]), static_cast<double>(limit) / 3, 4096);
  EXPECT_NEAR(static_cast<double>(held[1]), static_cast<double>(limit) / 3, 4096);
}

TEST(Http2ServerConnection, TakesTurnsBetweenAnswersThatNobodyRanked) {
  Client client({}, test::setting(4, 10'000'000));
  client.opens_window(0, 10'000'000);
  client.asks(1);
  client.asks(3);
  client.heard();
  for (const std::uint32_t stream : {1U, 3U}) {
    client.begins_answer(stream);
    client.connection.send_body(StreamId{stream}, Bytes(40'000), client.now);
    client.connection.send_end(StreamId{stream}, client.now);
  }
  EXPECT_EQ(client.gets_text(),
            "headers 1 headers 3 data 1 16384 data 3 16384 data 1 16384 data 3 16384 data 1 7232. data 3 7232.");
}

TEST(Http2ServerConnection, SendsMoreUrgentAnswersFirst) {
  Client client({}, test::setting(4, 10'000'000));
  client.opens_window(0, 10'000'000);
  Fields late = get(), first = get();
  late.push_back({"priority", "u=5"});
  first.push_back({"priority", "u=0"});
  client.sends(headers(1, late) + headers(3, first));
  client.heard();
  for (const std::uint32_t stream : {1U, 3U}) {
    client.begins_answer(stream);
    client.connection.send_body(StreamId{stream}, Bytes(20'000), client.now);
    client.connection.send_end(StreamId{stream}, client.now);
  }
  EXPECT_EQ(client.gets_text(), "headers 1 headers 3 data 3 16384 data 3 3616. data 1 16384 data 1 3616.");
}

TEST(Http2ServerConnection, ObeysAPriorityUpdateAndTheOriginsWord) {
  Client client({}, test::setting(4, 10'000'000));
  client.opens_window(0, 10'000'000);
  client.sends(frame(test::kPriorityUpdate, 0, 0, test::number(5, 4) + "u=1"));  // before the request
  for (const std::uint32_t stream : {1U, 3U, 5U}) client.asks(stream);
  client.heard();
  client.sends(frame(test::kPriorityUpdate, 0, 0, test::number(1, 4) + "u=6"));
  const auto answer = [&](std::uint32_t stream, Fields fields) {
    client.connection.send_response(
        StreamId{stream}, {.status = 200, .fields = std::move(fields), .body = {Kind::kChunked, 0}}, client.now);
    client.connection.send_body(StreamId{stream}, Bytes(10), client.now);
    client.connection.send_end(StreamId{stream}, client.now);
  };
  answer(1, {});
  answer(3, {{"Priority", "u=0"}});
  answer(5, {});
  EXPECT_EQ(client.gets_text(), "headers 1 headers 3 headers 5 data 3 10. data 5 10. data 1 10.");
}

TEST(Http2ServerConnection, GivesTheShellAboutAsMuchAsItAsksFor) {
  Client client({}, test::setting(4, 10'000'000));
  client.opens_window(0, 10'000'000);
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  client.connection.send_body(kOne, Bytes(100'000), client.now);
  while (client.connection.wants_write()) {
    Bytes piece;
    const std::size_t count = client.connection.pull(piece, 16'384, client.now);
    EXPECT_EQ(count, piece.size());
    EXPECT_LE(count, 16'384U);
  }
}

// ---- WebSockets (RFC 8441)

TEST(Http2ServerConnection, MakesATunnelOfAConnectForAWebSocket) {
  Client client;
  client.sends(headers(1, web_socket(), false) + frame(test::kData, 0, 1, "early"));
  const std::string heard = client.heard();
  EXPECT_TRUE(heard.starts_with("1: request GET /chat host=a body=none secure upgrade=websocket")) << heard;
  EXPECT_NE(heard.find("[sec-websocket-key="), std::string::npos) << heard;
  EXPECT_EQ(heard.find("early"), std::string::npos) << "nothing goes through before there is a tunnel";
  client.connection.switch_to_tunnel(
      kOne, {.status = 101, .fields = {{"Sec-WebSocket-Accept", "x"}, {"Sec-WebSocket-Protocol", "chat"}}}, client.now);
  EXPECT_EQ(client.heard(), "1: tunnel early\n");
  client.connection.send_body(kOne, as_bytes("down"), client.now);
  client.sends(frame(test::kData, test::kEndStream, 1, "up"));
  EXPECT_EQ(client.heard(), "1: tunnel up\ntunnel end\n");
  client.connection.send_end(kOne, client.now);
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 4.");
}

TEST(Http2ServerConnection, EndsATunnelOneWayFirst) {
  Client client;
  client.sends(headers(1, web_socket(), false));
  client.heard();
  client.connection.switch_to_tunnel(kOne, {.status = 101}, client.now);
  client.connection.send_end(kOne, client.now);
  EXPECT_EQ(client.gets_text(), "headers 1 data 1 0.");
  client.sends(frame(test::kData, test::kEndStream, 1, "last"));
  EXPECT_EQ(client.heard(), "1: tunnel last\ntunnel end\ngone\n");
}

TEST(Http2ServerConnection, RefusesATunnelThatTheOriginDoesNotOpen) {
  Client client;
  client.sends(headers(1, web_socket(), false) + headers(3, web_socket(), false) + frame(test::kData, 0, 3, "early"));
  client.heard();
  client.begins_answer(1);  // 200 would mean that it has its tunnel
  client.connection.send_response(StreamId{3}, {.status = 403}, client.now);
  client.connection.send_end(StreamId{3}, client.now);
  const auto frames = client.gets();
  EXPECT_EQ(Client::text_of(frames), "headers 1 headers 3. reset 3 code 0 data 1 39. reset 1 code 0");
}

// ---- the end

TEST(Http2ServerConnection, DrainsInTwoSteps) {
  Client client;
  client.asks(1);
  client.heard();
  client.connection.close_after_answer(client.now + 5s, client.now);
  const auto frames = client.gets();
  EXPECT_EQ(Client::text_of(frames), "goaway 2147483647 code 0 ping");
  client.asks(3);  // was on its way
  EXPECT_NE(client.heard(), "");
  client.sends(frame(test::kPing, test::kAck, 0, frames[1].payload));
  EXPECT_EQ(client.gets_text(), "goaway 3 code 0");
  client.asks(5);
  EXPECT_EQ(client.heard(), "");
  client.answers(1, "one");
  client.gets();
  EXPECT_FALSE(client.connection.wants_close());
  client.answers(3, "three");
  EXPECT_EQ(client.gets_text(), "headers 3 data 3 5.");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(Http2ServerConnection, DrainsWithoutAnAnswerToItsPing) {
  Client client;
  client.connection.close_after_answer(client.now + 5s, client.now);
  client.gets();
  client.passes(4s);
  EXPECT_FALSE(client.connection.wants_close());
  client.passes(1s);
  EXPECT_EQ(client.gets_text(), "goaway 0 code 0");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(Http2ServerConnection, EndsAfterItsLastRequest) {
  ServerLimits limits;
  limits.http.requests = 2;
  Client client(limits);
  client.asks(1);
  EXPECT_EQ(client.gets_text(), "");
  client.asks(3);
  client.heard();
  EXPECT_EQ(client.gets_text(), "goaway 2147483647 code 0 ping");
  client.passes(1s);
  EXPECT_EQ(client.gets_text(), "goaway 3 code 0");
}

TEST(Http2ServerConnection, ClosesWhenIdleForTooLong) {
  Client client;
  client.asks(1);
  client.heard();
  client.passes(100s);
  EXPECT_FALSE(client.connection.wants_close()) << "the origin takes its time";
  client.answers(1, "late");
  client.gets();
  client.passes(74s);
  EXPECT_FALSE(client.connection.wants_close());
  client.passes(1s);
  EXPECT_EQ(client.gets_text(), "goaway 1 code 0");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_EQ(client.connection.misuse(), std::nullopt);
}

TEST(Http2ServerConnection, AnswersAClientThatSendsNoMore) {
  Client client;
  client.asks(1);
  client.sends(headers(3, post(), false));
  client.heard();
  client.connection.receive_end(client.now);
  EXPECT_EQ(client.heard(), "3: gone\n");
  client.answers(1, "one");
  EXPECT_EQ(client.gets_text(), "reset 3 code 8 headers 1 data 1 3.");
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(Http2ServerConnection, SendsGoawayToAClientThatBreaksTheProtocol) {
  Client client;
  client.asks(1);
  client.heard();
  client.sends(frame(test::kData, 0, 0, "x"));
  EXPECT_EQ(client.gets_text(), "goaway 1 code 1");
  EXPECT_EQ(client.heard(), "1: gone\n");
  EXPECT_TRUE(client.connection.wants_close());
  EXPECT_EQ(client.connection.misuse(), Misuse::kProtocol);
}

TEST(Http2ServerConnection, ClosesOnBytesThatAreNotHttp2) {
  ServerConnection connection({}, true, {});
  connection.receive(as_bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), {});
  Bytes bytes;
  while (connection.pull(bytes, 1000, {}) > 0) {
  }
  EXPECT_TRUE(connection.wants_close());
  EXPECT_EQ(connection.misuse(), Misuse::kProtocol);
}

// ---- slow clients

TEST(Http2ServerConnection, GivesUpOnAClientThatNeverAcknowledges) {
  ServerConnection connection({}, true, {});
  connection.receive(as_bytes(std::string(kPreface) + frame(test::kSettings, 0, 0, {})), {});
  Bytes bytes;
  connection.pull(bytes, 1000, {});
  EXPECT_EQ(connection.deadline(), Instant{15s});
  connection.on_deadline(Instant{15s});
  bytes.clear();
  connection.pull(bytes, 1000, Instant{15s});
  std::string text(as_text(bytes));
  EXPECT_EQ(Client::text_of(test::take_frames(text)), "goaway 0 code 4");
  EXPECT_TRUE(connection.wants_close());
}

TEST(Http2ServerConnection, GivesUpOnAHeadThatDoesNotCome) {
  Client client;
  client.sends(frame(test::kHeaders, test::kEndStream, 1, test::block(get())));  // CONTINUATION is to follow
  client.passes(14s);
  EXPECT_FALSE(client.connection.wants_close());
  client.passes(1s);
  client.gets();
  EXPECT_TRUE(client.connection.wants_close());
}

TEST(Http2ServerConnection, AnswersABodyThatDoesNotComeInTime) {
  Client client;
  client.sends(headers(1, post("5"), false));
  client.heard();
  client.passes(59s);
  EXPECT_EQ(client.heard(), "");
  client.passes(1s);
  EXPECT_EQ(client.heard(), "1: gone\n");
  const auto frames = client.gets();
  EXPECT_EQ(Client::text_of(frames).substr(0, 16), "headers 1 data 1") << Client::text_of(frames);
  EXPECT_FALSE(client.connection.wants_close());
}

TEST(Http2ServerConnection, ResetsAnAnswerThatNoWindowLetsOut) {
  Client client({}, test::setting(4, 0));
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  client.gets();
  client.passes(59s);
  EXPECT_EQ(client.gets_text(), "");
  client.passes(1s);
  EXPECT_EQ(client.heard(), "1: gone\n");
  EXPECT_EQ(client.gets_text(), "reset 1 code 8");
  EXPECT_FALSE(client.connection.wants_close());
}

TEST(Http2ServerConnection, AsksForALeastRateOfAnAnswer) {
  ServerLimits limits;
  limits.http.min_rate = 100;
  Client client(limits, test::setting(4, 0));
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  // One byte every ten seconds, instead of a thousand.
  int seconds = 0;
  for (; seconds < 200; seconds += 10) {
    client.opens_window(1, 1);
    if (client.connection.writable_bytes(kOne) > 0) client.connection.send_body(kOne, Bytes(1), client.now);
    client.gets();
    client.passes(10s);
    if (client.heard() == "1: gone\n") break;
  }
  EXPECT_EQ(seconds, 60);
}

TEST(Http2ServerConnection, ResetsAConnectionThatTakesNoOutput) {
  Client client;
  client.asks(1);
  client.heard();
  client.answers(1, "hello");
  client.passes(60s);
  EXPECT_TRUE(client.connection.wants_reset());
  EXPECT_TRUE(client.connection.wants_close());
}

}  // namespace
}  // namespace railgun::http2
