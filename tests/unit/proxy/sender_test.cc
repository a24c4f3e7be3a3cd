// A sender with a client, a listener at the other end of its link, and an origin, all played by the tests.
#include "railgund/proxy/sender.h"

#include <gtest/gtest.h>

#include "railgund/delta/encoder.h"
#include "railgund/http/content_coding.h"
#include "railgund/link/frame_codec.h"
#include "railgund/link/greeting.h"
#include "railgund/page/store_item.h"
#include "railgund/proxy/forwarding.h"

#include "bench.h"
#include "tests/unit/http2/wire.h"

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

class SenderTest : public testing::Test {
 protected:
  void start(bool has_origin = false, bool has_store = false) {
    auto config = std::make_shared<config::Config>(config_);
    config->role = config::Role::kSender;
    config->wan_lanes = lanes_;
    config->sites = {{.host = site_, .listeners = {{"listener", 2408}}, .origin = {}}};
    config->sites[0].error_page_text = error_page_;
    config->sites[0].early_hints = early_hints_;
    if (has_origin) config->sites[0].origin = config::OriginTarget{.secure = false, .endpoint = {"origin", 80}};
    bench_.core = std::make_unique<Sender>(config, bench_.cache, bench_.shelf, bench_.counters, has_store, 1,
                                           as_bytes("key"), bench_.now);
    link_ = bench_.take<Dial>().at(0).connection;
  }
  void link_up() {
    bench_.core->connected(link_, {}, bench_.now);
    carry();
  }
  void carry() { listener_.carry(bench_, link_); }

  ConnectionId ask(const std::string& request) {
    const ConnectionId client =
        bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
    bench_.receive(client, request);
    carry();
    return client;
  }
  // What the listener was asked last, and answers to it.
  link::StreamId asked() {
    const auto heads = listener_.take<link::HeadReceived>();
    EXPECT_EQ(heads.size(), 1U);
    return heads.empty() ? link::StreamId{} : heads[0].stream;
  }
  void answer(link::StreamId stream, const std::string& body, Fields fields = {{"content-type", "image/png"}}) {
    Answer answer;
    answer.response.status = 200;
    answer.response.fields = std::move(fields);
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = body.size()};
    const EncodedHead head = encode_answer(answer);
    ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
    listener_.mux.send_data(stream, as_bytes(body));
    listener_.mux.send_end(stream, encode_trailer({}));
    carry();
  }
  std::uint64_t failed() const { return bench_.counters.requests_failed.get(); }
  std::uint64_t completed() const { return bench_.counters.requests_completed.get(); }

  config::Config config_;
  std::string site_ = "site.test";
  std::string error_page_;
  unsigned lanes_ = 1;  // connections are told apart by their order
  bool early_hints_ = false;
  CoreBench<Sender> bench_;
  FarEnd listener_{link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0001"}};
  ConnectionId link_{};
};

const std::string kGet = "GET /a HTTP/1.1\r\nHost: site.test\r\n\r\n";

TEST_F(SenderTest, CarriesTrailersOfTheRequestAndOfTheAnswer) {
  start();
  link_up();
  const ConnectionId client =
      ask("POST /a HTTP/1.1\r\nHost: site.test\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\nup\r\n0\r\nX-Up: 1\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_TRUE(decode_ask(heads[0].prelude, heads[0].fields)->request.accepts_trailers);
  const auto up = listener_.take<link::TrailersReceived>();
  ASSERT_EQ(up.size(), 1U);
  EXPECT_EQ(up[0].fields, (Fields{{"x-up", "1"}}));

  Answer answer;
  answer.response.status = 200;
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked};
  const EncodedHead head = encode_answer(answer);
  const link::StreamId stream = heads[0].stream;
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields));
  listener_.mux.send_data(stream, as_bytes("ok"));
  ASSERT_TRUE(listener_.mux.send_trailers(stream, {{"x-sum", "7"}, {"set-cookie", "evil"}}));
  listener_.mux.send_end(stream, encode_trailer({}));
  carry();
  const std::string got = bench_.sent(client);
  EXPECT_TRUE(got.ends_with("\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")) << got;
  EXPECT_EQ(completed(), 1U);
}

TEST_F(SenderTest, DropsTrailersForAClientThatDoesNotAcceptThem) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_FALSE(decode_ask(heads[0].prelude, heads[0].fields)->request.accepts_trailers);
  Answer answer;
  answer.response.status = 200;
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked};
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(heads[0].stream, head.prelude, head.fields));
  ASSERT_TRUE(listener_.mux.send_trailers(heads[0].stream, {{"x-sum", "7"}}));
  listener_.mux.send_end(heads[0].stream, encode_trailer({}));
  carry();
  EXPECT_TRUE(bench_.sent(client).ends_with("\r\n\r\n0\r\n\r\n"));
}

// The greeting of a listener of before: it takes no trailers, so it is asked for none.
TEST_F(SenderTest, GoesOnWithAListenerThatKnowsNoTrailers) {
  start();
  bench_.core->connected(link_, {}, bench_.now);
  link::Greeting old;
  old.role = link::Role::kAnswerer;
  old.streams = 10;
  old.stream_window_bytes = old.link_window_bytes = old.head_bytes = 65536;
  old.payload = encode_greeting({.reference_key = Bytes(32, 1), .build = "0001"});
  bench_.core->receive(link_, link::encode_greeting(old), bench_.now);
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client,
                 "POST /a HTTP/1.1\r\nHost: site.test\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "0\r\nX-Up: 1\r\n\r\n");
  Bytes bytes;
  bench_.core->pull(link_, bytes, SIZE_MAX, bench_.now);
  const auto greeting = link::decode_greeting(bytes);
  ASSERT_TRUE(greeting && *greeting);
  ByteView rest = ByteView(bytes).subspan((*greeting)->bytes);
  link::FrameReader frames;
  unsigned heads = 0;
  while (auto frame = frames.next(rest).value()) {
    if (!frame->header.is(link::FrameType::kHead)) continue;
    ++heads;
    EXPECT_EQ(frame->header.flags & link::kFlagTrailer, 0);
    EXPECT_EQ(frame->payload[1], 0);  // the prelude's flags, after its length
  }
  EXPECT_EQ(heads, 1U);
}

TEST_F(SenderTest, PassesAListenersAnswerOn) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  answer(asked(), "hello");
  const std::string sent = bench_.sent(client);
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 200 ")) << sent;
  EXPECT_TRUE(sent.ends_with("\r\n\r\nhello")) << sent;
  EXPECT_NE(sent.find(" stream "), std::string::npos) << sent;
  EXPECT_EQ(completed(), 1U);
  EXPECT_EQ(bench_.counters.answers_stream.get(), 1U);
  EXPECT_EQ(failed(), 0U);
}

// One connection of a client with two requests at once, answered in the other order.
TEST_F(SenderTest, AddsTheDateToAnswersThatLackIt) {
  start();
  link_up();
  bench_.core->set_time_of_day(WallTime(784111770s), bench_.now);
  bench_.now += 7500ms;
  const ConnectionId client = ask(kGet);
  answer(asked(), "x");
  EXPECT_NE(bench_.sent(client).find("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos);
  const ConnectionId other = ask(kGet);
  answer(asked(), "x", {{"content-type", "image/png"}, {"date", "Sat, 05 Nov 1994 08:49:37 GMT"}});
  const std::string text = bench_.sent(other);
  EXPECT_NE(text.find("\r\nDate: Sat, 05 Nov"), std::string::npos) << text;
  EXPECT_EQ(text.find("Date: Sun"), std::string::npos) << text;
  // One of ours.
  EXPECT_NE(bench_.sent(ask("GET /a HTTP/1.1\r\nHost: unknown.test\r\n\r\n")).find("\r\nDate: Sun, 06"),
            std::string::npos);
}

TEST_F(SenderTest, ServesManyRequestsOfAnHttp2Client) {
  start();
  link_up();
  const ConnectionId client = bench_.core->accepted(
      {.kind = ConnectionKind::kClient, .peer = "192.0.2.1", .is_secure = true, .protocol = ClientProtocol::kHttp2},
      bench_.now);
  bench_.receive(client, http2::test::opening() + http2::test::headers(1, http2::test::get("/a", "site.test")) +
                             http2::test::headers(3, http2::test::get("/b", "site.test")));
  carry();
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 2U);
  const auto bodies = [&] {
    std::string sent = bench_.sent(client), text;
    for (const http2::test::Frame& frame : http2::test::take_frames(sent)) {
      if (frame.type == http2::test::kData) text += std::to_string(frame.stream) + ":" + frame.payload + " ";
    }
    return text;
  };
  answer(heads[1].stream, "second");
  EXPECT_EQ(bodies(), "3:second ");
  answer(heads[0].stream, "first");
  EXPECT_EQ(bodies(), "1:first ");
  EXPECT_EQ(completed(), 2U);
  EXPECT_EQ(bench_.counters.http2_requests.get(), 2U);
}

TEST_F(SenderTest, SendsAnHttp2ClientTheLinksOfThePagesLastVersion) {
  early_hints_ = true;
  start();
  link_up();
  http::Request page{.method = "GET", .target = "/a", .host = "site.test", .secure = true};
  const auto last = std::make_shared<page::Version>(Id128{}, to_bytes(as_bytes("<link rel=stylesheet href=/a.css>")),
                                                    page::Keep::kStoreToo);
  bench_.cache.insert(last, keys_of(page, config::Config{}).own);
  const ConnectionId client = bench_.core->accepted(
      {.kind = ConnectionKind::kClient, .peer = "192.0.2.1", .is_secure = true, .protocol = ClientProtocol::kHttp2},
      bench_.now);
  // Heads that the client got: those of answers are still to come.
  const auto hints = [&] {
    std::string sent = bench_.sent(client);
    std::size_t count = 0;
    for (const http2::test::Frame& frame : http2::test::take_frames(sent)) count += frame.type == http2::test::kHeaders;
    return count;
  };
  bench_.receive(client, http2::test::opening() + http2::test::headers(1, http2::test::get("/a", "site.test")));
  EXPECT_EQ(hints(), 1U);
  bench_.receive(client, http2::test::headers(3, http2::test::get("/b", "site.test")));
  EXPECT_EQ(hints(), 0U);
  EXPECT_EQ(bench_.counters.hints_sent.get(), 1U);
}

TEST_F(SenderTest, DropsWhatAnHttp2ClientCancelsOrLeaves) {
  start();
  link_up();
  const ConnectionId client = bench_.core->accepted(
      {.kind = ConnectionKind::kClient, .peer = "192.0.2.1", .protocol = ClientProtocol::kHttp2}, bench_.now);
  const Fields get{{":method", "GET"}, {":scheme", "http"}, {":authority", "site.test"}, {":path", "/"}};
  bench_.receive(client, http2::test::opening() + http2::test::headers(1, get) + http2::test::headers(3, get));
  carry();
  bench_.receive(client, http2::test::frame(http2::test::kRstStream, 0, 1, http2::test::number(8, 4)));
  EXPECT_EQ(bench_.counters.requests_aborted.get(), 1U);
  bench_.core->closed(client, {Errc::kUnavailable, "gone"}, bench_.now);
  EXPECT_EQ(bench_.counters.requests_aborted.get(), 2U);
  carry();
  EXPECT_EQ(listener_.take<link::StreamReset>().size(), 2U);
}

TEST_F(SenderTest, TakesHttp2InClearOnlyIfToldTo) {
  for (const bool clear : {false, true}) {
    config_.http2_clear = clear;
    start();
    link_up();
    const ConnectionId client =
        bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
    for (const char c : http2::test::opening()) bench_.receive(client, std::string(1, c));
    std::string sent = bench_.sent(client);
    EXPECT_EQ(sent.starts_with("HTTP/1.1 505 "), !clear) << sent;
    EXPECT_EQ(http2::test::take_frames(sent).empty(), !clear);
  }
}

TEST_F(SenderTest, ServesASiteThatIsAnIpv6Address) {
  config_.host_ports = {"8080"};
  site_ = "::1";
  start();
  link_up();
  for (const char* host : {"[::1]:8080", "[::1]", "[0:0::1]"}) {
    const ConnectionId client = ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    answer(asked(), "hello");
    EXPECT_TRUE(bench_.sent(client).ends_with("hello")) << host;
  }
  const ConnectionId client = ask("GET / HTTP/1.1\r\nHost: [::2]\r\n\r\n");
  EXPECT_NE(bench_.sent(client).find("set site.[::2].listeners"), std::string::npos);
}

// RFC 9110 7.6.2.
TEST_F(SenderTest, IsTheLastHopOfARequestThatMayGoNoFurther) {
  start();
  link_up();
  const auto say = [&](const std::string& method, const std::string& left) {
    return ask(method + " / HTTP/1.1\r\nHost: site.test\r\nMax-Forwards: " + left + "\r\n\r\n");
  };
  EXPECT_TRUE(bench_.sent(say("OPTIONS", "0")).starts_with("HTTP/1.1 200 "));
  const std::string refused = bench_.sent(say("TRACE", "0"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 ")) << refused;
  EXPECT_NE(refused.find("\r\nAllow: OPTIONS\r\n"), std::string::npos) << refused;
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  EXPECT_EQ(completed(), 2U);
  say("OPTIONS", "3");
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_EQ(field_value(decode_ask(heads[0].prelude, heads[0].fields)->request.fields, "max-forwards"), "2");
}

TEST_F(SenderTest, RejectsAHostThatItDoesNotServe) {
  start();
  link_up();
  const ConnectionId client = ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n");
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 421 "));
  EXPECT_EQ(failed(), 1U);
  EXPECT_EQ(bench_.counters.answers_refused.get(), 1U);
  EXPECT_EQ(bench_.counters.answers_527.get(), 0U);
}

// A stranger's bad requests kept everything else that is limited out of the log.
TEST_F(SenderTest, LogsOneKindOfErrorBesideAnother) {
  start();
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  bench_.take<LogLine>();
  for (const char* host : {"site.test:22", "site.test:22", "site.test", "site.test"}) {
    const ConnectionId client =
        bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
    bench_.receive(client, std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n\r\n");
  }
  const auto lines = bench_.take<LogLine>();
  const auto count = [&](std::string_view text) {
    return std::ranges::count_if(lines, [&](const LogLine& line) { return line.text.starts_with(text); });
  };
  EXPECT_EQ(count("refused: "), 1);
  EXPECT_EQ(count("no link for "), 1);
}

TEST_F(SenderTest, WaitsForALinkThatIsBeingMade) {
  start();
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client, kGet);
  EXPECT_EQ(bench_.sent(client), "");
  link_up();
  answer(asked(), "late");
  EXPECT_TRUE(bench_.sent(client).ends_with("late"));
}

// Each of them had been counted twice by who added the two counters up.
TEST_F(SenderTest, CountsA527AsOneFailedRequest) {
  start();
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client, kGet);
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 527 "));
  EXPECT_EQ(bench_.counters.requests_started.get(), 1U);
  EXPECT_EQ(failed(), 1U);
  EXPECT_EQ(bench_.counters.answers_527.get(), 1U);
}

// The visitor sees the operator's page, whichever end has no answer; the origin's own pages pass.
TEST_F(SenderTest, ShowsTheSitesErrorPageForAnswersOfOurs) {
  error_page_ = "<h1>Back soon</h1>";
  start();
  link_up();
  const auto say = [&](bool from_listener, unsigned status) {
    const ConnectionId client = ask(kGet);
    Answer answer;
    answer.from_listener = from_listener;
    answer.response.status = status;
    answer.response.fields = {{"content-type", "text/plain"}, {"retry-after", "3"}};
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 5};
    const EncodedHead head = encode_answer(answer);
    const link::StreamId stream = asked();
    listener_.mux.send_head(stream, head.prelude, head.fields).value();
    listener_.mux.send_data(stream, as_bytes(std::string_view("plain")));
    listener_.mux.send_end(stream, encode_trailer({}));
    carry();
    return bench_.sent(client);
  };
  std::string sent = say(true, 503);
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 503 ") && sent.ends_with("\r\n\r\n<h1>Back soon</h1>")) << sent;
  EXPECT_NE(sent.find("Content-Type: text/html"), std::string::npos) << sent;
  EXPECT_NE(sent.find("etry-"), std::string::npos) << sent;
  EXPECT_EQ(failed(), 1U);
  EXPECT_EQ(completed(), 0U);
  EXPECT_TRUE(say(false, 503).ends_with("plain"));
  EXPECT_TRUE(say(true, 421).ends_with("plain"));
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client, "HEAD /a HTTP/1.1\r\nHost: site.test\r\n\r\n");
  bench_.pass(std::chrono::minutes(1));
  sent = bench_.sent(client);
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 527 ") && sent.ends_with("\r\n\r\n")) << sent;
  EXPECT_NE(sent.find("Content-Length: 18\r\n"), std::string::npos) << sent;
}

TEST_F(SenderTest, GoesToTheSitesOriginWithoutALink) {
  start(true);
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client, kGet);
  const auto dials = bench_.take<Dial>();
  ASSERT_EQ(dials.size(), 1U);
  ASSERT_EQ(dials[0].kind, ConnectionKind::kOrigin);
  const ConnectionId origin = dials[0].connection;
  bench_.core->connected(origin, {}, bench_.now);
  EXPECT_TRUE(bench_.sent(origin).starts_with("GET /a HTTP/1.1\r\n"));
  bench_.receive(origin, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const std::string sent = bench_.sent(client);
  EXPECT_NE(sent.find("direct ("), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("ok")) << sent;
  EXPECT_EQ(completed(), 1U);
  EXPECT_EQ(bench_.counters.answers_direct.get(), 1U);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_F(SenderTest, SaysOnceWhenToTryABusyOriginAgain) {
  config_.origin_connections = 1;
  start(true);
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  std::vector<ConnectionId> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now));
    bench_.receive(clients.back(), kGet);
    if (i > 0) continue;
    const ConnectionId origin = bench_.take<Dial>().at(0).connection;
    bench_.core->connected(origin, {}, bench_.now);
    bench_.sent(origin);
    bench_.receive(origin, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
  }
  bench_.pass(config_.lan_timeout);
  std::string sent;
  for (const ConnectionId client : clients) sent += bench_.sent(client);
  EXPECT_EQ(count_of(sent, "HTTP/1.1 503 "), 2U) << sent;
  EXPECT_EQ(count_of(sent, "Retry-After: "), count_of(sent, "HTTP/1.1 503 ")) << sent;
}

TEST_F(SenderTest, SaysOnceWhenToTryAgainWhileMemoryIsShort) {
  start();
  link_up();
  bench_.cache.set_shortage(page::Shortage::kServeNothing);
  const std::string sent = bench_.sent(ask(kGet));
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 503 ")) << sent;
  EXPECT_EQ(count_of(sent, "Retry-After: "), 1U) << sent;
}

// A few hundred clients that read nothing once took the memory that a daemon has, and the others got 503 for a minute.
TEST_F(SenderTest, GivesSilentReadersLittleTimeWhileMemoryIsShort) {
  start();
  link_up();
  const ConnectionId silent = ask(kGet);
  answer(asked(), std::string(20'000, 'x'));
  bench_.pass(6s);
  EXPECT_TRUE(bench_.take<Close>().empty());
  bench_.cache.set_shortage(page::Shortage::kKeepNothing);
  bench_.core->shortage_changed(bench_.now);
  bench_.pass(0s);  // its time is up
  const auto closed = bench_.take<Close>();
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].connection, silent);
  // One that comes now has the same time, and one that reads all of it.
  const ConnectionId next = ask(kGet);
  answer(asked(), std::string(20'000, 'x'));
  bench_.pass(4s);
  EXPECT_TRUE(bench_.take<Close>().empty());
  EXPECT_GT(bench_.sent(next).size(), 20'000U);
  const ConnectionId last = ask(kGet);
  answer(asked(), std::string(20'000, 'x'));
  bench_.cache.set_shortage(page::Shortage::kNone);
  bench_.core->shortage_changed(bench_.now);
  bench_.pass(6s);
  EXPECT_TRUE(bench_.take<Close>().empty());
  EXPECT_FALSE(bench_.sent(last).empty());
}

// Of any host, before anything else is looked at.
TEST_F(SenderTest, AnswersChallengesFromTheFolder) {
  config_.acme_directory = "/acme";
  start();
  link_up();
  for (const std::string method : {"GET", "HEAD"}) {
    const ConnectionId client = ask(method + " /.well-known/acme-challenge/token HTTP/1.1\r\nHost: other.test\r\n\r\n");
    const auto wanted = bench_.take<ChallengeGet>();
    ASSERT_EQ(wanted.size(), 1U);
    EXPECT_EQ(wanted[0].folder, "/acme");
    EXPECT_EQ(wanted[0].token, "token");
    bench_.core->store_answer(wanted[0].ticket, to_bytes(as_bytes("token.key")), bench_.now);
    const std::string sent = bench_.sent(client);
    EXPECT_TRUE(sent.starts_with("HTTP/1.1 200 ")) << sent;
    EXPECT_NE(sent.find("\r\nContent-Length: 9\r\n"), std::string::npos) << sent;
    EXPECT_TRUE(sent.ends_with(method == "GET" ? "\r\n\r\ntoken.key" : "\r\n\r\n")) << sent;
  }
  EXPECT_EQ(completed(), 2U);
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
}

TEST_F(SenderTest, PassesInterimAnswersOnWithoutALink) {
  start(true);
  bench_.core->closed(link_, {Errc::kUnavailable, "connection refused"}, bench_.now);
  const ConnectionId client = bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  bench_.receive(client, kGet);
  const auto dials = bench_.take<Dial>();
  ASSERT_EQ(dials.size(), 1U);
  bench_.core->connected(dials[0].connection, {}, bench_.now);
  bench_.sent(dials[0].connection);
  bench_.receive(dials[0].connection, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(bench_.sent(client), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
}

// However many links there are: they are repeated over for lost links alone.
TEST_F(SenderTest, AsksAgainOnceWhenAListenerGivesUp) {
  lanes_ = 4;
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  listener_.mux.reset(asked(), link::ResetCode::kInternal);
  carry();
  EXPECT_EQ(bench_.counters.asked_again.get(), 1U);
  listener_.mux.reset(asked(), link::ResetCode::kInternal);
  carry();
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 527 "));
  EXPECT_EQ(bench_.counters.asked_again.get(), 1U);
  EXPECT_EQ(failed(), 1U);
}

TEST_F(SenderTest, DoesNotRepeatABodyThatHasLeft) {
  start();
  link_up();
  const ConnectionId client = ask("PUT /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4\r\n\r\nbody");
  listener_.mux.reset(asked(), link::ResetCode::kRefused);
  carry();
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 527 "));
  EXPECT_EQ(bench_.counters.asked_again.get(), 0U);
}

TEST_F(SenderTest, AsksAgainAfterAnAnswerThatCannotBeRead) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  ASSERT_TRUE(listener_.mux.send_head(asked(), as_bytes("?"), {}).has_value());
  carry();
  EXPECT_EQ(bench_.counters.check_failures.get(), 1U);
  const auto resets = listener_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kBadMessage);
  answer(asked(), "well");
  EXPECT_TRUE(bench_.sent(client).ends_with("well"));
}

TEST_F(SenderTest, CutsAnAnswerWhoseLinkIsLost) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  Answer answer;
  answer.response.status = 200;
  answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 100};
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
  listener_.mux.send_data(stream, as_bytes("half"));
  carry();
  EXPECT_TRUE(bench_.sent(client).ends_with("half"));
  bench_.core->closed(link_, {Errc::kUnavailable, "connection reset"}, bench_.now);
  const auto closes = bench_.take<Close>();
  EXPECT_TRUE(
      std::any_of(closes.begin(), closes.end(), [&](const Close& close) { return close.connection == client; }));
  EXPECT_EQ(failed(), 1U);
}

TEST_F(SenderTest, CancelsTheStreamOfAClientThatLeaves) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  bench_.core->closed(client, {Errc::kUnavailable, "connection reset"}, bench_.now);
  carry();
  const auto resets = listener_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].stream, stream);
  EXPECT_EQ(resets[0].code, link::ResetCode::kCancelled);
  EXPECT_EQ(failed(), 0U);
  EXPECT_EQ(bench_.counters.requests_aborted.get(), 1U);
}

// A client that leaves while its answer comes: what follows is the rest of the answer.
class SenderLateTest : public SenderTest {
 protected:
  // The head of a page of `text` has come when the client leaves.
  link::StreamId leave(const std::string& text, const std::string& method = "GET") {
    const ConnectionId client = ask(method + " /a HTTP/1.1\r\nHost: site.test\r\n\r\n");
    const link::StreamId stream = asked();
    send_head(stream, text);
    bench_.core->closed(client, {Errc::kUnavailable, "connection reset"}, bench_.now);
    carry();
    return stream;
  }
  void send_head(link::StreamId stream, const std::string& text) {
    Answer answer;
    answer.coding = Coding::kDelta;
    answer.response.status = 200;
    answer.response.fields = {{"content-type", "text/html"}};
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text.size()};
    const EncodedHead head = encode_answer(answer);
    EXPECT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
    carry();
  }
  void finish(link::StreamId stream, const std::string& text) {
    listener_.mux.send_data(stream, delta::encode(nullptr, as_bytes(text), {}));
    listener_.mux.send_end(stream, encode_trailer({.kept = AnswerTrailer::Kept::kPage,
                                                   .id_half = id_half(KeyedHash(Bytes(32, 1))(as_bytes(text)))}));
    carry();
  }
  bool was_cancelled() { return !listener_.take<link::StreamReset>().empty(); }
};

TEST_F(SenderLateTest, KeepsTheRestOfTheAnswer) {
  start();
  link_up();
  const std::string text(5000, 'p');
  const link::StreamId stream = leave(text);
  EXPECT_FALSE(was_cancelled());
  finish(stream, text);
  EXPECT_FALSE(was_cancelled());
  EXPECT_EQ(bench_.counters.answers_late.get(), 1U);
  EXPECT_EQ(bench_.counters.requests_aborted.get(), 1U);
  EXPECT_EQ(completed() + failed(), 0U);
  EXPECT_EQ(bench_.counters.held_page.get(), 0U);
  ask(kGet);
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_EQ(decode_ask(heads[0].prelude, heads[0].fields)->references.size(), 1U);
}

// All of it was there, and the client had taken none of it.
TEST_F(SenderLateTest, KeepsWhatWasCompleteAlready) {
  start();
  link_up();
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "<p>line " + std::to_string(i) + "</p>\n";
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  send_head(stream, text);
  finish(stream, text);
  EXPECT_EQ(completed(), 0U);
  bench_.core->closed(client, {Errc::kUnavailable, "connection reset"}, bench_.now);
  EXPECT_EQ(bench_.counters.answers_late.get(), 1U);
  EXPECT_EQ(bench_.cache.counters().versions, 1U);
}

TEST_F(SenderLateTest, GivesUpWhatTakesTooLong) {
  start();
  link_up();
  leave(std::string(5000, 'p'));
  bench_.pass(LateAnswer::kTimeout - 1ms);
  carry();
  EXPECT_FALSE(was_cancelled());
  bench_.pass(1ms);
  carry();
  EXPECT_TRUE(was_cancelled());
  EXPECT_EQ(bench_.cache.counters().versions, 0U);
}

// Pages under way have a share of the cache, whoever waits for them.
TEST_F(SenderLateTest, GivesUpAPageForWhichThereIsNoRoom) {
  start();
  link_up();
  const std::string text(64 * 1024, 'p');
  const link::StreamId stream = leave(text);
  page::Cache::UnderWay others;
  ASSERT_TRUE(others.set(bench_.cache, 100 * 1024));
  bench_.cache.set_limits({.bytes = 0, .prepared_share_bytes = 0});  // of which 1 MB is for pages under way
  page::Cache::UnderWay more[8];
  for (page::Cache::UnderWay& one : more) ASSERT_TRUE(one.set(bench_.cache, 112 * 1024));
  listener_.mux.send_data(stream, delta::encode(nullptr, as_bytes(text), {}));
  carry();
  EXPECT_TRUE(was_cancelled());
  EXPECT_EQ(bench_.counters.held_page.get(), 0U);
  for (page::Cache::UnderWay& one : more) ASSERT_TRUE(one.set(bench_.cache, 0));
  ASSERT_TRUE(others.set(bench_.cache, 0));
  EXPECT_EQ(bench_.cache.under_way_bytes(), 0U);
}

TEST_F(SenderLateTest, GivesUpWhatIsTooLong) {
  start();
  link_up();
  std::string text;
  for (std::size_t i = 0; text.size() < 8 * LateAnswer::kMostBytes; ++i)
    text += to_hex(hash128(as_bytes(std::to_string(i))));
  const link::StreamId stream = leave(text);
  const Bytes coded = delta::encode(nullptr, as_bytes(text), {});
  ASSERT_GT(coded.size(), 2 * LateAnswer::kMostBytes);
  for (std::size_t at = 0; at < coded.size(); at += 8192) {
    if (listener_.mux.sendable(stream) < 8192) break;
    listener_.mux.send_data(stream, ByteView(coded).subspan(at, std::min<std::size_t>(8192, coded.size() - at)));
    carry();
  }
  EXPECT_TRUE(was_cancelled());
  EXPECT_EQ(bench_.counters.held_page.get() + bench_.counters.held_coded.get(), 0U);
}

TEST_F(SenderLateTest, TakesSomeAtATimeAndNoAnswersToPosts) {
  start();
  link_up();
  const std::string text(5000, 'p');
  for (std::size_t i = 0; i < LateAnswer::kMost; ++i) leave(text);
  EXPECT_FALSE(was_cancelled());
  leave(text);
  EXPECT_TRUE(was_cancelled());
  bench_.pass(LateAnswer::kTimeout);
  carry();
  EXPECT_TRUE(was_cancelled());
  leave(text, "DELETE");
  EXPECT_TRUE(was_cancelled());
}

// Hundreds of clients that sent a head and now and then a byte of their body once held every connection to the origin.
TEST_F(SenderTest, AsksOnlyWhenTheBodyIsHere) {
  start();
  link_up();
  const ConnectionId client = ask("POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 4\r\n\r\nbo");
  bench_.pass(10s);
  carry();
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  bench_.receive(client, "dy");
  carry();
  answer(asked(), "hello");
  EXPECT_TRUE(bench_.sent(client).ends_with("hello"));
}

TEST_F(SenderTest, AsksWhenEnoughOfALongBodyIsHere) {
  start();
  link_up();
  const std::size_t enough = config::Config{}.request_body_buffer_bytes;
  const ConnectionId client = ask("POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 1000000\r\n\r\n");
  bench_.receive(client, std::string(enough - 1, 'x'));
  carry();
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  bench_.receive(client, "x");
  carry();
  asked();
}

// Applications that read what Content-Length says got nothing of chunked bodies.
TEST_F(SenderTest, SendsAChunkedBodyThatIsHereWithItsLength) {
  start();
  link_up();
  ask("POST /a HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  const http::Request request = decode_ask(heads[0].prelude, heads[0].fields).value().request;
  EXPECT_EQ(request.body.kind, http::BodyLength::Kind::kKnown);
  EXPECT_EQ(request.body.bytes, 5U);
}

// A client that sends a little at a time and reads answers in between.
TEST_F(SenderTest, StreamsSomeBodiesOfUnknownLengthBeforeTheyAreHere) {
  config_.request_streamed = 2;
  start();
  link_up();
  std::vector<ConnectionId> clients;
  for (int i = 0; i < 3; ++i)
    clients.push_back(ask("POST /a HTTP/1.1\r\nHost: site.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"));
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  bench_.pass(2s);
  carry();
  EXPECT_EQ(listener_.take<link::HeadReceived>().size(), 2U);
  // One of them is complete: another one may.
  for (const ConnectionId client : {clients[0], clients[1]}) bench_.receive(client, "0\r\n\r\n");
  bench_.pass(2s);
  carry();
  EXPECT_EQ(listener_.take<link::HeadReceived>().size(), 1U);
}

TEST_F(SenderTest, ClosesTheClientThatIsIdleForLongestToMakeRoom) {
  start();
  link_up();
  const auto connect = [&] {
    return bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  };
  const ConnectionId busy = ask(kGet), first = connect(), second = connect();
  bench_.take<Close>();
  EXPECT_FALSE(bench_.core->over_limit(Admission::kClientsLimit, "192.0.2.9", bench_.now).has_value());
  auto closes = bench_.take<Close>();
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].connection, first);
  EXPECT_FALSE(bench_.core->over_limit(Admission::kClientsLimit, "192.0.2.9", bench_.now).has_value());
  closes = bench_.take<Close>();
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].connection, second);
  // The other one waits for its answer.
  const auto refusal = bench_.core->over_limit(Admission::kClientsLimit, "192.0.2.9", bench_.now);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_TRUE(as_text(*refusal).starts_with("HTTP/1.1 503 "));
  EXPECT_NE(as_text(*refusal).find("Retry-After: "), std::string_view::npos);
  EXPECT_TRUE(bench_.take<Close>().empty());
  EXPECT_EQ(bench_.counters.clients_displaced.get(), 2U);
  EXPECT_EQ(bench_.counters.clients_rejected.get(), 1U);
  // It is idle once it has its answer.
  answer(asked(), "hello");
  bench_.sent(busy);
  EXPECT_FALSE(bench_.core->over_limit(Admission::kClientsLimit, "192.0.2.9", bench_.now).has_value());
}

TEST_F(SenderTest, RefusesAClientWhoseAddressHasTooManyConnections) {
  start();
  link_up();
  bench_.core->accepted({.kind = ConnectionKind::kClient, .peer = "192.0.2.1"}, bench_.now);
  EXPECT_TRUE(bench_.core->over_limit(Admission::kPerAddress, "192.0.2.9", bench_.now).has_value());
  EXPECT_TRUE(bench_.take<Close>().empty());
  const auto lines = bench_.take<LogLine>();
  EXPECT_EQ(std::ranges::count_if(lines, [](const LogLine& line) { return line.text.contains("clients.per_address"); }),
            1);
  EXPECT_TRUE(bench_.core->over_limit(Admission::kPerAddress, "192.0.2.9", bench_.now).has_value());
  EXPECT_TRUE(bench_.take<LogLine>().empty());
}

const std::string kUpgrade = "GET /ws HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

// A message in a frame of a client's, whose mask is this key four times.
std::string masked_frame(const std::string& message, char key) {
  std::string frame = "\x81";
  frame.push_back(static_cast<char>(0x80 | message.size()));
  frame.append(4, key);
  for (const char c : message) frame.push_back(static_cast<char>(c ^ key));
  return frame;
}

class SenderTunnelTest : public SenderTest {
 protected:
  void open(bool codes_tunnel = false) {
    start();
    link_up();
    client_ = ask(kUpgrade);
    stream_ = asked();
    Answer answer;
    answer.response.status = 101;
    answer.response.upgrade = "websocket";
    answer.codes_tunnel = codes_tunnel;
    const EncodedHead head = encode_answer(answer);
    ASSERT_TRUE(listener_.mux.send_head(stream_, head.prelude, head.fields).has_value());
    carry();
    EXPECT_TRUE(bench_.sent(client_).starts_with("HTTP/1.1 101 "));
  }
  bool is_closed() {
    const auto closes = bench_.take<Close>();
    return std::any_of(closes.begin(), closes.end(), [&](const Close& close) { return close.connection == client_; });
  }
  ConnectionId client_{};
  link::StreamId stream_{};
};

// A closed browser tab once left its WebSocket open at the origin for good, and its stream on the link.
TEST_F(SenderTunnelTest, PassesTheClientsEndOnAndStillCarriesTheOrigins) {
  open();
  bench_.core->receive_end(client_, bench_.now);
  carry();
  EXPECT_EQ(listener_.take<link::EndReceived>().size(), 1U);
  listener_.mux.send_data(stream_, as_bytes("still here"));
  carry();
  EXPECT_EQ(bench_.sent(client_), "still here");
  listener_.mux.send_end(stream_, encode_trailer({}));
  carry();
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(listener_.mux.open_streams(), 0U);
  EXPECT_EQ(completed(), 1U);
}

TEST_F(SenderTunnelTest, PassesTheOriginsEndOnAndStillCarriesTheClients) {
  open();
  listener_.mux.send_end(stream_, encode_trailer({}));
  carry();
  const auto ends = bench_.take<EndOutput>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].connection, client_);
  EXPECT_FALSE(is_closed());
  bench_.receive(client_, "more");
  carry();
  EXPECT_EQ(listener_.take<link::DataReceived>().size(), 1U);
  bench_.core->receive_end(client_, bench_.now);
  carry();
  EXPECT_EQ(listener_.take<link::EndReceived>().size(), 1U);
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(listener_.mux.open_streams(), 0U);
  EXPECT_EQ(completed(), 1U);
}

TEST_F(SenderTunnelTest, CodesWhatTheClientSendsAndDecodesWhatComes) {
  open(true);
  tunnel::Decoder decoder(true);
  tunnel::Encoder encoder(true);
  std::size_t plain = 0, coded = 0;
  for (char i = 1; i <= 40; ++i) {
    const std::string message =
        R"({"jsonrpc":"2.0","method":"scene.update","params":{"object":"lamp"},"id":)" + std::to_string(i) + "}";
    const std::string up = masked_frame(message, i);
    bench_.receive(client_, up);
    carry();
    // Each message arrives at once.
    const auto data = listener_.take<link::DataReceived>();
    ASSERT_EQ(data.size(), 1U);
    Bytes back;
    ASSERT_TRUE(decoder.decode(data[0].data, 1000, back).has_value());
    ASSERT_EQ(as_text(back), up);
    plain += up.size();
    coded += data[0].data.size();

    Bytes down;
    encoder.encode(as_bytes(message), bench_.now, true, down);
    listener_.mux.send_data(stream_, down);
    carry();
    ASSERT_EQ(bench_.sent(client_), message);
  }
  EXPECT_LT(coded * 2, plain);
  EXPECT_GT(bench_.counters.tunnel_bytes.get(), plain);
  EXPECT_LT(bench_.counters.tunnel_link_bytes.get() * 2, bench_.counters.tunnel_bytes.get());

  bench_.core->receive_end(client_, bench_.now);
  listener_.mux.send_end(stream_, encode_trailer({}));
  carry();
  EXPECT_EQ(listener_.take<link::EndReceived>().size(), 1U);
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(completed(), 1U);
}

TEST_F(SenderTunnelTest, TellsTheListenerThatAnIdleTunnelHasNoContextAnyMore) {
  open(true);
  bench_.receive(client_, masked_frame(std::string(100, 'a'), 1));
  for (int i = 0; i < 10; ++i) bench_.receive(client_, masked_frame(std::string(100, 'a'), 2));
  carry();
  tunnel::Decoder decoder(true);
  const auto receive = [&] {
    for (const link::DataReceived& data : listener_.take<link::DataReceived>()) {
      Bytes back;
      EXPECT_TRUE(decoder.decode(data.data, 10'000, back).has_value());
    }
  };
  receive();
  EXPECT_TRUE(decoder.has_context());
  for (int i = 0; i < 13; ++i) {
    bench_.pass(5s);
    carry();
  }
  receive();
  EXPECT_FALSE(decoder.has_context());
  EXPECT_FALSE(is_closed());
}

TEST_F(SenderTunnelTest, CutsATunnelWhoseCodedDataIsMalformed) {
  open(true);
  listener_.mux.send_data(stream_, as_bytes("\x03 no chunk"));
  carry();
  EXPECT_TRUE(is_closed());
  const auto resets = listener_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kBadMessage);
}

TEST_F(SenderTunnelTest, CutsATunnelThatEndsWithinAChunk) {
  open(true);
  listener_.mux.send_data(stream_, as_bytes("\x10"
                                            "abc"));
  carry();
  EXPECT_EQ(bench_.sent(client_), "abc");
  listener_.mux.send_end(stream_, encode_trailer({}));
  carry();
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(completed(), 0U);
}

TEST_F(SenderTunnelTest, EndsAHalfClosedTunnelThatIsSilent) {
  open();
  bench_.core->receive_end(client_, bench_.now);
  bench_.pass(config::Config{}.half_closed_timeout);
  carry();
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(listener_.take<link::StreamReset>().size(), 1U);
  EXPECT_EQ(listener_.mux.open_streams(), 0U);
}

TEST_F(SenderTest, AsksTheListenerWhenTheStoreDoesNotAnswerInTime) {
  start(false, true);
  link_up();
  const ConnectionId client = ask(kGet);
  const auto gets = bench_.take<StoreGet>();
  ASSERT_EQ(gets.size(), 1U);
  bench_.pass(14ms);
  carry();
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  bench_.pass(1ms);
  carry();
  const link::StreamId stream = asked();
  // Too late to matter.
  bench_.core->store_answer(gets[0].ticket, Bytes(3, 'x'), bench_.now);
  carry();
  EXPECT_TRUE(listener_.take<link::HeadReceived>().empty());
  answer(stream, "page");
  EXPECT_TRUE(bench_.sent(client).ends_with("page"));
}

// A sender asked its store only while its memory held no page at all of the site.
TEST_F(SenderTest, AsksTheStoreForAPageOfWhichItKnowsOnlySiblings) {
  start(false, true);
  link_up();
  const config::Config config;
  const auto version_of = [](const std::string& text) {
    const KeyedHash hash(Bytes(32, 1));
    return std::make_shared<page::Version>(hash(as_bytes(text)), to_bytes(as_bytes(text)), page::Keep::kStoreToo);
  };
  http::Request sibling;
  sibling.method = "GET";
  sibling.host = "site.test";
  sibling.target = "/b";
  bench_.cache.insert(version_of("sibling"), keys_of(sibling, config).own);
  const ConnectionId client = ask(kGet);
  const auto gets = bench_.take<StoreGet>();
  ASSERT_EQ(gets.size(), 1U);
  bench_.core->store_answer(gets[0].ticket, page::encode_item(*version_of("page")), bench_.now);
  carry();
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  const Ask asked = decode_ask(heads[0].prelude, heads[0].fields).value();
  ASSERT_EQ(asked.references.size(), 2U);
  EXPECT_EQ(asked.references[0], version_of("page")->id);
  EXPECT_EQ(asked.references[1], version_of("sibling")->id);
  answer(heads[0].stream, "page");
  EXPECT_TRUE(bench_.sent(client).ends_with("page"));
  // From now on it is known.
  ask(kGet);
  EXPECT_TRUE(bench_.take<StoreGet>().empty());
}

// What a sender knows of POST /a by Ann, and of the page itself.
class SenderPostTest : public SenderTest {
 protected:
  page::VersionPtr keep(const std::string& text, const std::string& method, const std::string& cookie) {
    const KeyedHash hash(Bytes(32, 1));
    auto version =
        std::make_shared<page::Version>(hash(as_bytes(text)), to_bytes(as_bytes(text)), page::Keep::kMemoryOnly);
    http::Request request;
    request.method = method;
    request.host = "site.test";
    request.target = "/a";
    request.fields = {{"cookie", cookie}};
    if (method != "GET") request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 3};
    bench_.cache.insert(version, keys_of(request, config::Config{}, as_bytes("n=1")).own);
    return version;
  }
  std::vector<Id128> named(const std::string& cookie, const std::string& body) {
    ask("POST /a HTTP/1.1\r\nHost: site.test\r\nCookie: " + cookie +
        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto heads = listener_.take<link::HeadReceived>();
    EXPECT_EQ(heads.size(), 1U);
    return heads.empty() ? std::vector<Id128>{} : decode_ask(heads[0].prelude, heads[0].fields)->references;
  }
};

TEST_F(SenderPostTest, NamesTheLastAnswersAndThePage) {
  start();
  link_up();
  const Id128 page = keep("a page", "GET", "s=ann")->id;
  const Id128 answer = keep("an answer", "POST", "s=ann")->id;
  EXPECT_EQ(named("s=ann", "n=2"), (std::vector<Id128>{answer, page}));
  EXPECT_TRUE(named("s=bob", "n=1").empty());
  EXPECT_TRUE(named("t=1", "n=1").empty());
}

TEST_F(SenderPostTest, NamesNothingToAListenerThatComparesPagesAlone) {
  listener_.is_old = true;
  start();
  link_up();
  keep("an answer", "POST", "s=ann");
  EXPECT_TRUE(named("s=ann", "n=1").empty());
}

TEST_F(SenderTest, EndsWhenItsLastClientHas) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  bench_.core->drain(1s, bench_.now);
  EXPECT_FALSE(bench_.core->is_drained());
  answer(asked(), "last");
  EXPECT_TRUE(bench_.sent(client).ends_with("last"));
  EXPECT_TRUE(bench_.core->is_drained());
}

const std::string kGetGzip = "GET /a HTTP/1.1\r\nHost: site.test\r\nAccept-Encoding: gzip\r\n\r\n";
const Fields kPage = {{"content-type", "text/html"}, {"etag", "\"v1\""}};

// The body of an answer in chunks, put together and decoded.
std::string decoded(const std::string& answer) {
  std::string_view rest = std::string_view(answer).substr(answer.find("\r\n\r\n") + 4);
  http::GzipDecoder decoder;
  for (std::size_t size = 1; size > 0;) {
    const std::size_t line = rest.find("\r\n");
    size = std::stoul(std::string(rest.substr(0, line)), nullptr, 16);
    EXPECT_TRUE(decoder.receive(as_bytes(rest.substr(line + 2, size))));
    rest.remove_prefix(line + 2 + size + 2);
  }
  EXPECT_TRUE(decoder.finished());
  return std::string(as_text(decoder.take()));
}

TEST_F(SenderTest, CompressesAPageForAVisitorWhoTakesIt) {
  start();
  link_up();
  const ConnectionId client = ask(kGetGzip);
  const std::string page(50'000, 'p');
  answer(asked(), page, kPage);
  const std::string sent = bench_.sent(client);
  EXPECT_NE(sent.find("Content-Encoding: gzip\r\n"), std::string::npos) << sent.substr(0, 400);
  EXPECT_NE(sent.find("ETag: W/\"v1\"\r\n"), std::string::npos);
  EXPECT_NE(sent.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_EQ(sent.find("Content-Length"), std::string::npos);
  EXPECT_LT(sent.size(), 2000U);
  EXPECT_EQ(decoded(sent), page);
  EXPECT_EQ(bench_.counters.client_bytes_identity.get(), 0U);
  EXPECT_GT(bench_.counters.client_bytes_gzip.get(), 0U);
  EXPECT_EQ(completed(), 1U);
}

TEST_F(SenderTest, SendsAPageAsItIsToAVisitorWhoTakesNothing) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const std::string page(50'000, 'p');
  answer(asked(), page, kPage);
  const std::string sent = bench_.sent(client);
  EXPECT_TRUE(sent.ends_with(page));
  EXPECT_NE(sent.find("ETag: \"v1\"\r\n"), std::string::npos);
  EXPECT_NE(sent.find("Vary: Accept-Encoding\r\n"), std::string::npos);
  EXPECT_EQ(bench_.counters.client_bytes_identity.get(), 50'000U);
}

TEST_F(SenderTest, AsksTheOriginWithTheTagThatItGave) {
  start();
  link_up();
  const ConnectionId client = ask(kGetGzip);
  answer(asked(), std::string(1000, 'p'), kPage);
  bench_.sent(client);
  bench_.receive(client, "GET /a HTTP/1.1\r\nHost: site.test\r\nIf-None-Match: W/\"v1\"\r\n\r\n");
  carry();
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_EQ(field_value(heads[0].fields, "if-none-match"), "\"v1\"");
  Answer answer;
  answer.response.status = 304;
  answer.response.fields = {{"etag", "\"v1\""}};
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(heads[0].stream, head.prelude, head.fields).has_value());
  listener_.mux.send_end(heads[0].stream, encode_trailer({}));
  carry();
  const std::string sent = bench_.sent(client);
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 304 ")) << sent;
  EXPECT_NE(sent.find("ETag: W/\"v1\"\r\n"), std::string::npos) << sent;
}

// A page that is not there yet: what has come can be read at once.
TEST_F(SenderTest, CompressesEachPieceOfASlowPageAtOnce) {
  start();
  link_up();
  const ConnectionId client = ask(kGetGzip);
  const link::StreamId stream = asked();
  Answer answer;
  answer.response.status = 200;
  answer.response.fields = kPage;
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked, .bytes = 0};
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
  carry();
  std::string sent = bench_.sent(client);
  http::GzipDecoder decoder;
  for (const std::string piece : {"first", "second"}) {
    listener_.mux.send_data(stream, as_bytes(piece));
    carry();
    const std::string chunk = bench_.sent(client);
    const std::size_t line = chunk.find("\r\n") + 2;
    ASSERT_TRUE(decoder.receive(as_bytes(std::string_view(chunk).substr(line, chunk.size() - line - 2))));
    EXPECT_EQ(as_text(decoder.take()), piece);
  }
}

// The origin has answered, and writes the first byte of the page when something happens.
TEST_F(SenderTest, SendsTheHeadOfAPageThatIsHeldBack) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  Answer answer;
  answer.response.status = 200;
  answer.response.fields = kPage;
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked, .bytes = 0};
  answer.coding = Coding::kDelta;
  answer.is_held_back = true;
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
  carry();
  const std::string sent = bench_.sent(client);
  EXPECT_TRUE(sent.starts_with("HTTP/1.1 200 ")) << sent;
  EXPECT_NE(sent.find(" stream "), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("\r\n\r\n")) << sent;
}

TEST_F(SenderTest, RepeatsARequestWhoseAnswerBreaksBeforeItsHeadHasLeft) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  Answer answer;
  answer.response.status = 200;
  answer.response.fields = kPage;
  answer.response.body = {.kind = http::BodyLength::Kind::kChunked, .bytes = 0};
  answer.coding = Coding::kDelta;
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
  carry();
  bench_.pass(1s);
  EXPECT_EQ(bench_.sent(client), "");
  listener_.mux.send_data(stream, as_bytes("no delta"));
  listener_.mux.send_end(stream, encode_trailer({}));
  carry();
  EXPECT_EQ(bench_.counters.check_failures.get(), 1U);
  this->answer(asked(), "well");
  EXPECT_TRUE(bench_.sent(client).ends_with("well"));
}

TEST_F(SenderTest, PassesInterimAnswersOn) {
  start();
  link_up();
  Answer hints;
  hints.response.status = 103;
  hints.response.fields = {{"link", "</a.css>; rel=preload"}};
  const EncodedHead head = encode_answer(hints);
  const ConnectionId client = ask(kGet);
  const link::StreamId stream = asked();
  ASSERT_TRUE(listener_.mux.send_interim(stream, head.prelude, head.fields).has_value());
  carry();
  EXPECT_EQ(bench_.sent(client), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
  answer(stream, "page");
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 200 "));
  // A client of HTTP/1.0 knows none (RFC 9110 15.2).
  const ConnectionId old = ask("GET /a HTTP/1.0\r\nHost: site.test\r\n\r\n");
  const link::StreamId its_stream = asked();
  ASSERT_TRUE(listener_.mux.send_interim(its_stream, head.prelude, head.fields).has_value());
  carry();
  EXPECT_EQ(bench_.sent(old), "");
  answer(its_stream, "page");
  EXPECT_TRUE(bench_.sent(old).ends_with("page"));
}

TEST_F(SenderTest, RejectsAnInterimAnswerThatIsNone) {
  start();
  link_up();
  const ConnectionId client = ask(kGet);
  for (const unsigned status : {200U, 100U}) {
    Answer hints;
    hints.response.status = status;
    const EncodedHead head = encode_answer(hints);
    ASSERT_TRUE(listener_.mux.send_interim(asked(), head.prelude, head.fields).has_value());
    carry();
  }
  EXPECT_EQ(bench_.counters.check_failures.get(), 2U);
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 527 "));
}

TEST_F(SenderTest, AnswersHeadAsItWouldGet) {
  start();
  link_up();
  const ConnectionId client = ask("HEAD /a HTTP/1.1\r\nHost: site.test\r\nAccept-Encoding: gzip\r\n\r\n");
  const auto heads = listener_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  Answer answer;
  answer.response.status = 200;
  answer.response.fields = kPage;
  answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 50'000};
  const EncodedHead head = encode_answer(answer);
  ASSERT_TRUE(listener_.mux.send_head(heads[0].stream, head.prelude, head.fields).has_value());
  listener_.mux.send_end(heads[0].stream, encode_trailer({}));
  carry();
  const std::string sent = bench_.sent(client);
  EXPECT_NE(sent.find("Content-Encoding: gzip\r\n"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("Content-Length"), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("\r\n\r\n")) << sent;
  EXPECT_EQ(completed(), 1U);
}

// A listener that answers against versions that were not named.
class SenderContentTest : public SenderTest {
 protected:
  page::VersionPtr keep(const std::string& cookie) {
    auto version =
        std::make_shared<page::Version>(hash_(as_bytes(text_)), to_bytes(as_bytes(text_)), page::Keep::kMemoryOnly);
    http::Request request;
    request.method = "GET";
    request.host = "site.test";
    request.target = "/other/name";
    if (!cookie.empty()) request.fields = {{"cookie", cookie}};
    bench_.cache.insert(version, keys_of(request, config::Config{}).own);
    return version;
  }
  std::string get(const std::string& cookie) {
    return "GET /a HTTP/1.1\r\nHost: site.test\r\n" + (cookie.empty() ? "" : "Cookie: " + cookie + "\r\n") + "\r\n";
  }
  std::optional<Ask> ask_seen() {
    const auto heads = listener_.take<link::HeadReceived>();
    EXPECT_EQ(heads.size(), 1U);
    if (heads.empty()) return std::nullopt;
    stream_ = heads[0].stream;
    return decode_ask(heads[0].prelude, heads[0].fields).value();
  }
  void answer_against(const page::VersionPtr& reference, bool is_found) {
    Answer answer;
    answer.coding = Coding::kDelta;
    answer.response.status = 200;
    answer.response.fields = {{"content-type", "text/html"}};
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text_.size()};
    if (is_found) answer.found = reference->id;
    const EncodedHead head = encode_answer(answer);
    EXPECT_TRUE(listener_.mux.send_head(stream_, head.prelude, head.fields).has_value());
    listener_.mux.send_data(stream_,
                            delta::encode(is_found ? page::reference_of(reference) : nullptr, as_bytes(text_), {}));
    listener_.mux.send_end(stream_,
                           encode_trailer({.kept = AnswerTrailer::Kept::kPage, .id_half = id_half(reference->id)}));
    carry();
  }

  const KeyedHash hash_{Bytes(32, 1)};
  const std::string text_ = std::string(5000, 'p') + "end";
  link::StreamId stream_{};
};

TEST_F(SenderContentTest, RebuildsAnAnswerAgainstAVersionThatItHasUnderAnotherName) {
  start();
  link_up();
  const page::VersionPtr held = keep("");
  const ConnectionId client = ask(get("s=ann"));
  EXPECT_TRUE(ask_seen()->takes_found);
  answer_against(held, true);
  EXPECT_TRUE(bench_.sent(client).ends_with(text_));
  EXPECT_EQ(bench_.counters.found_content.get(), 1U);
  EXPECT_EQ(bench_.counters.answers_delta.get(), 1U);
  EXPECT_EQ(bench_.counters.references_lost.get(), 0U);
}

// Whatever the listener believes.
TEST_F(SenderContentTest, AsksAgainForWhatItDoesNotHoldOrAnotherVisitorDoes) {
  for (const bool is_private : {false, true}) {
    listener_ = FarEnd(link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0001"});
    start();
    link_up();
    const page::VersionPtr held = keep("s=bob");
    if (!is_private) bench_.cache.clear();
    const std::uint64_t lost = bench_.counters.references_lost.get();
    const ConnectionId client = ask(get("s=ann"));
    ask_seen();
    answer_against(held, true);
    const auto again = ask_seen();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->lost, held->id);
    EXPECT_FALSE(again->takes_found);
    EXPECT_EQ(bench_.counters.references_lost.get(), lost + 1);
    EXPECT_TRUE(bench_.sent(client).empty());
    answer_against(held, false);
    EXPECT_TRUE(bench_.sent(client).ends_with(text_));
    bench_.cache.clear();
  }
  EXPECT_EQ(failed() + bench_.counters.found_content.get(), 0U);
}

TEST_F(SenderContentTest, DoesNotFollowAListenerThatDoesItAgain) {
  start();
  link_up();
  const page::VersionPtr held = keep("s=bob");
  const ConnectionId client = ask(get("s=ann"));
  ask_seen();
  for (int i = 0; i < 2; ++i) {
    answer_against(held, true);
    ask_seen();
  }
  answer_against(held, true);
  EXPECT_TRUE(bench_.sent(client).starts_with("HTTP/1.1 527"));
  EXPECT_EQ(bench_.counters.check_failures.get(), 2U);
}

TEST_F(SenderContentTest, TakesNothingFoundOverALinkThatWasToldOtherRules) {
  start();
  link_up();
  auto config = std::make_shared<config::Config>();
  config->role = config::Role::kSender;
  config->sites = {{.host = "site.test", .listeners = {{"listener", 2408}}, .origin = {}}};
  config->isolate_cookies = {"tenant"};
  bench_.core->configure(config, false, bench_.now);
  ask(get(""));
  EXPECT_FALSE(ask_seen()->takes_found);
}

// Why answers crossed whole: each has one reason, in the sum and for its site.
class SenderWholeTest : public SenderContentTest {
 protected:
  struct Counted {
    std::uint64_t type, large, unkept, missing, unknown, left;
    bool operator==(const Counted&) const = default;
  };
  Counted counted() const {
    const Counters& all = bench_.counters;
    return {all.whole_type.get(),    all.whole_large.get(),   all.whole_unkept.get(),
            all.whole_missing.get(), all.whole_unknown.get(), all.whole_left.get()};
  }
  // Answers a GET by the page, compressed without a reference.
  void get_whole(bool kept) {
    const ConnectionId client = ask(get(""));
    ask_seen();
    answer_whole(kept);
    EXPECT_TRUE(bench_.sent(client).ends_with(text_));
  }
  void answer_whole(bool kept) {
    Answer answer;
    answer.coding = Coding::kDelta;
    answer.response.status = 200;
    answer.response.fields = {{"content-type", "text/html"}};
    answer.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = text_.size()};
    const EncodedHead head = encode_answer(answer);
    EXPECT_TRUE(listener_.mux.send_head(stream_, head.prelude, head.fields).has_value());
    listener_.mux.send_data(stream_, delta::encode(nullptr, as_bytes(text_), {}));
    const auto how = kept ? AnswerTrailer::Kept::kPage : AnswerTrailer::Kept::kNothing;
    listener_.mux.send_end(stream_, encode_trailer({.kept = how, .id_half = id_half(hash_(as_bytes(text_)))}));
    carry();
  }
};

TEST_F(SenderWholeTest, IsAFirstVisitOrALossOfTheListener) {
  start();
  link_up();
  get_whole(true);
  EXPECT_EQ(counted(), (Counted{0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(bench_.counters.whole_unknown_bytes.get(), bench_.counters.coded_bytes.get());
  EXPECT_EQ(bench_.counters.sites.at("site.test", true).whole_unknown_bytes.get(), bench_.counters.coded_bytes.get());
  // Now it is named.
  get_whole(true);
  EXPECT_EQ(counted(), (Counted{0, 0, 0, 1, 1, 0}));
}

TEST_F(SenderWholeTest, MayNotBeKeptOrIsTooLarge) {
  start();
  link_up();
  get_whole(false);
  EXPECT_EQ(counted(), (Counted{0, 0, 1, 0, 0, 0}));
  listener_ = FarEnd(link::Role::kAnswerer, Greeting{.reference_key = Bytes(32, 1), .build = "0001"});
  config_.reference_page_limit_bytes = 1000;
  start();
  link_up();
  get_whole(true);
  EXPECT_EQ(counted(), (Counted{0, 1, 1, 0, 0, 0}));
}

TEST_F(SenderWholeTest, IsNoTextOrLeftByItsVisitor) {
  start();
  link_up();
  ask(kGet);
  answer(asked(), "png");
  EXPECT_EQ(counted(), (Counted{1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(bench_.counters.whole_type_bytes.get(), 3U);
  // One without a body is none.
  ask(kGet);
  answer(asked(), "");
  EXPECT_EQ(counted(), (Counted{1, 0, 0, 0, 0, 0}));
  // An answer to POST is not completed for nobody.
  const ConnectionId client = ask("POST /a HTTP/1.1\r\nHost: site.test\r\nContent-Length: 0\r\n\r\n");
  Answer half;
  half.response.status = 200;
  half.response.fields = {{"content-type", "image/png"}};
  half.response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = 100};
  const EncodedHead head = encode_answer(half);
  const link::StreamId stream = asked();
  ASSERT_TRUE(listener_.mux.send_head(stream, head.prelude, head.fields).has_value());
  listener_.mux.send_data(stream, as_bytes("1234567"));
  carry();
  bench_.core->closed(client, {Errc::kUnavailable, "connection reset"}, bench_.now);
  carry();
  EXPECT_EQ(counted(), (Counted{1, 0, 0, 0, 0, 1}));
  EXPECT_EQ(bench_.counters.whole_left_bytes.get(), 7U);
}

TEST_F(SenderWholeTest, IsNotWhatAReferenceSaved) {
  start();
  link_up();
  const page::VersionPtr held = keep("");
  ask(get(""));
  ask_seen();
  answer_against(held, true);
  EXPECT_EQ(counted(), (Counted{}));
  const SiteCounters& site = bench_.counters.sites.at("site.test", true);
  EXPECT_EQ(site.saved_content.get(), bench_.counters.saved_content.get());
  EXPECT_GT(site.saved_content.get(), 4000U);
}

}  // namespace
}  // namespace railgun::proxy
