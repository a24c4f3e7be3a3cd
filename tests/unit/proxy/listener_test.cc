// A listener with a sender at the other end of its link and an origin, both played by the tests.
#include "railgund/proxy/listener.h"

#include <gtest/gtest.h>

#include "railgund/proxy/forwarding.h"

#include "bench.h"

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

class ListenerTest : public testing::Test {
 protected:
  void start(bool has_store = false, std::string_view map = "default = origin:80\n") {
    auto config = std::make_shared<config::Config>();
    config->origins = config::parse_origin_map(map, "nat").value();
    config->link_stream_window_bytes = 1000;
    config->link_window_bytes = 4000;
    bench_.core =
        std::make_unique<Listener>(config, bench_.cache, bench_.counters, has_store, Bytes(32, 1), "0001", bench_.now);
    link_ = bench_.core->accepted({.kind = ConnectionKind::kLink, .peer = "sender"}, bench_.now);
    carry();
  }
  void carry() { sender_.carry(bench_, link_); }

  link::StreamId ask(const std::string& method, std::size_t body_bytes = 0, std::vector<Id128> references = {}) {
    Ask ask;
    ask.request.method = method;
    ask.request.target = "/a";
    ask.request.host = host_;
    if (body_bytes > 0) ask.request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = body_bytes};
    ask.references = std::move(references);
    const EncodedHead head = encode_ask(ask);
    const link::StreamId stream = sender_.mux.open(head.prelude, head.fields).value();
    if (body_bytes == 0) sender_.mux.send_end(stream, {});
    carry();
    return stream;
  }
  // One request with a body and its answer; what the trailer says of it.
  AnswerTrailer post(const std::string& method, const std::string& text, std::vector<Id128> references = {}) {
    const link::StreamId stream = ask(method, 2, std::move(references));
    sender_.mux.send_data(stream, as_bytes("{}"));
    sender_.mux.send_end(stream, {});
    if (!origin_) origin_ = origin();
    carry();
    bench_.sent(*origin_);
    bench_.receive(*origin_, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                                 std::to_string(text.size()) + "\r\n\r\n" + text);
    carry();
    const auto ends = sender_.take<link::EndReceived>();
    EXPECT_EQ(ends.size(), 1U);
    return ends.empty() ? AnswerTrailer{} : decode_trailer(ends[0].trailer).value();
  }

  // The connection to the origin that was asked for; the origin has taken it.
  ConnectionId origin() {
    const auto dials = bench_.take<Dial>();
    EXPECT_EQ(dials.size(), 1U);
    if (dials.empty()) return {};
    bench_.core->connected(dials[0].connection, {}, bench_.now);
    return dials[0].connection;
  }
  // Head, body and end of the one answer that has come.
  Answer answered() {
    carry();
    const auto heads = sender_.take<link::HeadReceived>();
    EXPECT_EQ(heads.size(), 1U);
    if (heads.empty()) return {};
    return decode_answer(heads[0].prelude, heads[0].fields, 4).value();
  }
  std::string body() {
    std::string all;
    for (const auto& data : sender_.take<link::DataReceived>()) all += as_text(data.data);
    return all;
  }

  std::string host_ = "site.test";
  CoreBench<Listener> bench_;
  FarEnd sender_{link::Role::kAsker, Greeting{.reference_key = {}, .build = "0000"}};
  ConnectionId link_{};
  std::optional<ConnectionId> origin_;
};

TEST_F(ListenerTest, CarriesTrailersOfTheRequestAndOfTheAnswer) {
  start();
  Ask ask;
  ask.request = {.method = "POST", .target = "/a", .host = host_, .body = {http::BodyLength::Kind::kChunked, 0}};
  ask.request.accepts_trailers = true;
  const EncodedHead head = encode_ask(ask);
  const link::StreamId stream = sender_.mux.open(head.prelude, head.fields).value();
  ASSERT_TRUE(sender_.mux.send_trailers(stream, {{"x-up", "1"}, {"host", "evil"}}));
  sender_.mux.send_data(stream, as_bytes("up"));
  sender_.mux.send_end(stream, {});
  carry();
  const ConnectionId id = origin();
  carry();
  const std::string sent = bench_.sent(id);
  EXPECT_NE(sent.find("TE: trailers\r\nConnection: TE\r\n"), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("\r\n\r\n2\r\nup\r\n0\r\nX-Up: 1\r\n\r\n")) << sent;
  bench_.receive(id, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n");
  carry();
  const auto trailers = sender_.take<link::TrailersReceived>();
  ASSERT_EQ(trailers.size(), 1U);
  EXPECT_EQ(trailers[0].fields, (Fields{{"x-sum", "7"}}));
  EXPECT_EQ(body(), "ok");
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
}

TEST_F(ListenerTest, SendsNoTrailersToASenderThatHasNotAskedForThem) {
  start();
  ask("GET");
  const ConnectionId id = origin();
  EXPECT_EQ(bench_.sent(id).find("TE:"), std::string::npos);
  bench_.receive(id, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 7\r\n\r\n");
  carry();
  EXPECT_TRUE(sender_.take<link::TrailersReceived>().empty());
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
}

// A sender that judges no hosts: an old one, or a stranger's.
TEST_F(ListenerTest, DialsNoPortThatAVisitorChose) {
  start(false, "site.test = 127.0.0.1\n");
  for (const char* host : {"site.test:9200", "127.0.0.1", "2130706433:6379"}) {
    host_ = host;
    ask("GET");
    EXPECT_TRUE(bench_.take<Dial>().empty()) << host;
    EXPECT_EQ(answered().response.status, 421U) << host;
    EXPECT_EQ(body().find("127.0.0.1 ="), std::string::npos);
  }
  EXPECT_EQ(bench_.counters.requests_failed.get(), 3U);
}

TEST_F(ListenerTest, DialsOnlyPublicAddressesOfANameThatAVisitorChose) {
  start(false, "site.test = localhost\n");
  host_ = "localhost";
  ask("GET");
  const auto chosen = bench_.take<Dial>();
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_TRUE(chosen[0].public_only);
  bench_.core->closed(chosen[0].connection, {Errc::kInvalid, "localhost is at the inner address 127.0.0.1"},
                      bench_.now);
  EXPECT_EQ(answered().response.status, 421U);
  EXPECT_EQ(body().find("127.0.0.1"), std::string::npos);
  // The same address by the map: a connection of its own.
  host_ = "site.test";
  ask("GET");
  const auto mapped = bench_.take<Dial>();
  ASSERT_EQ(mapped.size(), 1U);
  EXPECT_FALSE(mapped[0].public_only);
  EXPECT_EQ(mapped[0].endpoint, (Endpoint{"localhost", 80}));
  bench_.core->connected(mapped[0].connection, {}, bench_.now);
  bench_.sent(mapped[0].connection);
  bench_.receive(mapped[0].connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(answered().response.status, 200U);
  // And is not used for the visitor's choice while it is idle.
  host_ = "localhost";
  ask("GET");
  EXPECT_EQ(bench_.take<Dial>().size(), 1U);
}

TEST_F(ListenerTest, SendsTheOriginsAnswer) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  EXPECT_TRUE(bench_.sent(from).starts_with("GET /a HTTP/1.1\r\n"));
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\nhello");
  const Answer answer = answered();
  EXPECT_EQ(answer.response.status, 200U);
  EXPECT_EQ(answer.coding, Coding::kRaw);
  EXPECT_EQ(body(), "hello");
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_EQ(bench_.counters.requests_completed.get(), 1U);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 0U);
}

TEST_F(ListenerTest, ComparesAnswersToOtherMethods) {
  for (const char* method : {"POST", "PROPFIND"}) {
    bench_.cache.clear();
    sender_ = FarEnd(link::Role::kAsker, Greeting{.reference_key = {}, .build = "0000"});
    origin_.reset();
    start();
    std::string text = "{\"items\":[";
    for (int i = 0; i < 300; ++i) text += "\"item " + std::to_string(i * 7919) + "\",";
    const AnswerTrailer first = post(method, text + "1]}");
    EXPECT_EQ(first.kept, AnswerTrailer::Kept::kPage);
    EXPECT_EQ(first.keep, page::Keep::kMemoryOnly);
    EXPECT_EQ(answered().reference, std::nullopt);
    body();
    const Id128 id = KeyedHash(Bytes(32, 1))(as_bytes(text + "1]}"));
    EXPECT_EQ(first.id_half, id_half(id));
    EXPECT_NE(post(method, text + "22]}", {id}).kept, AnswerTrailer::Kept::kNothing);
    EXPECT_EQ(answered().reference, 0);
    EXPECT_LT(body().size(), 60U);
  }
}

TEST_F(ListenerTest, KeepsNoAnswersToOtherMethodsForASenderThatDoesNot) {
  sender_.is_old = true;
  start();
  EXPECT_EQ(post("POST", std::string(500, 'x')).kept, AnswerTrailer::Kept::kNothing);
  EXPECT_EQ(bench_.cache.counters().versions, 0U);
}

TEST_F(ListenerTest, PassesInterimAnswersOn) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.sent(from);
  bench_.receive(from, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  carry();
  auto heads = sender_.take<link::HeadReceived>();
  ASSERT_EQ(heads.size(), 1U);
  EXPECT_TRUE(heads[0].is_interim);
  const Answer hints = decode_answer(heads[0].prelude, heads[0].fields, 0).value();
  EXPECT_EQ(hints.response.status, 103U);
  EXPECT_EQ(hints.response.fields, (Fields{{"link", "</a>"}}));
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(answered().response.status, 200U);
  EXPECT_EQ(body(), "hello");
}

TEST_F(ListenerTest, SendsTheHeadOfAPageWithItsFirstBytes) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n");
  bench_.pass(19ms);
  carry();
  EXPECT_TRUE(sender_.take<link::HeadReceived>().empty());
  bench_.receive(from, std::string(100, 'x'));
  const Answer answer = answered();
  EXPECT_EQ(answer.coding, Coding::kDelta);
  EXPECT_FALSE(answer.is_held_back);
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
}

// A long poll: its client gave up before it saw a head.
TEST_F(ListenerTest, SendsTheHeadOfAPageThatIsHeldBack) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n");
  bench_.pass(20ms);
  const Answer answer = answered();
  EXPECT_EQ(answer.coding, Coding::kDelta);
  EXPECT_TRUE(answer.is_held_back);
  EXPECT_TRUE(sender_.take<link::EndReceived>().empty());
  bench_.receive(from, std::string(100, 'x'));
  carry();
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
}

TEST_F(ListenerTest, SaysItselfWhenTheOriginBreaksOffBeforeTheBody) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n");
  bench_.core->receive_end(from, bench_.now);
  const Answer answer = answered();
  EXPECT_TRUE(answer.from_listener);
  EXPECT_GE(answer.response.status, 500U);
}

TEST_F(ListenerTest, SaysItselfWhenTheOriginCannotBeReached) {
  start();
  ask("GET");
  const auto dials = bench_.take<Dial>();
  ASSERT_EQ(dials.size(), 1U);
  bench_.core->closed(dials[0].connection, {Errc::kUnavailable, "connection refused"}, bench_.now);
  const Answer answer = answered();
  EXPECT_TRUE(answer.from_listener);
  EXPECT_EQ(answer.response.status, 527U);
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 1U);
  EXPECT_EQ(bench_.counters.requests_completed.get(), 0U);
}

TEST_F(ListenerTest, ResetsTheStreamWhenTheOriginBreaksOff) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.sent(from);
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 50\r\n\r\nhalf");
  EXPECT_EQ(answered().response.status, 200U);
  bench_.core->closed(from, {Errc::kUnavailable, "connection reset"}, bench_.now);
  carry();
  const auto resets = sender_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kNoOrigin);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 1U);
}

// The page was asked for twice and then ended as 527 "the link broke", though every browser shows it straight.
TEST_F(ListenerTest, PassesAGzipBodyWithoutItsCheckAndKeepsItNot) {
  start();
  // A gzip head and one stored block of 100 bytes.
  const std::string body = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x64\0\x9b\xff", 15) + std::string(100, 'p');
  ask("GET");
  const ConnectionId from = origin();
  bench_.sent(from);
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(answered().coding, Coding::kDelta);
  const auto ends = sender_.take<link::EndReceived>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(decode_trailer(ends[0].trailer)->kept, AnswerTrailer::Kept::kNothing);
  EXPECT_EQ(bench_.counters.requests_completed.get(), 1U);
  EXPECT_EQ(bench_.cache.counters().versions, 0U);
}

// 200 visitors who ask for a large page and read nothing: their pages took 1.7 GB, and are not kept now.
TEST_F(ListenerTest, HoldsALimitedPartOfPagesThatNobodyTakes) {
  start();
  const std::size_t page_bytes = 1 << 20;
  std::string line;
  for (int i = 0; line.size() < 64 * 1024; ++i) line += "<p>line " + std::to_string(i) + "</p>\n";
  line.resize(64 * 1024);
  for (int i = 0; i < 60; ++i) {
    ask("GET");
    const ConnectionId from = origin();
    bench_.sent(from);
    bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " + std::to_string(page_bytes) +
                             "\r\n\r\n");
    // All but the end of it, or until the listener reads no more.
    const auto has_stopped = [&] {
      const auto changes = bench_.take<SetReading>();
      return std::any_of(changes.begin(), changes.end(), [](const SetReading& change) { return !change.on; });
    };
    for (std::size_t sent = line.size(); sent < page_bytes && !has_stopped(); sent += line.size())
      bench_.receive(from, line);
  }
  EXPECT_GT(bench_.counters.held_page.get(), 100'000U);
  EXPECT_LE(bench_.counters.held_page.get(), 1U << 20);  // what a cache of 1 MB allows
  EXPECT_EQ(bench_.cache.under_way_bytes(), bench_.counters.held_page.get());
  bench_.core->closed(link_, {Errc::kUnavailable, "lost"}, bench_.now);
  EXPECT_EQ(bench_.cache.under_way_bytes(), 0U);
  EXPECT_EQ(bench_.counters.held_decoded.get(), 0U);
}

TEST_F(ListenerTest, SaysThatABodyIsBrokenInItsMiddle) {
  start();
  ask("GET");
  const ConnectionId from = origin();
  bench_.sent(from);
  bench_.receive(from,
                 "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 70\r\n\r\n" +
                     std::string(70, 'x'));
  carry();
  const auto resets = sender_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kBadMessage);
}

TEST_F(ListenerTest, ClosesTheOriginsConnectionWhenTheSenderCancels) {
  start();
  const link::StreamId stream = ask("GET");
  const ConnectionId from = origin();
  bench_.sent(from);
  sender_.mux.reset(stream, link::ResetCode::kCancelled);
  carry();
  const auto closes = bench_.take<Close>();
  ASSERT_EQ(closes.size(), 1U);
  EXPECT_EQ(closes[0].connection, from);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 0U);
  EXPECT_EQ(bench_.counters.requests_aborted.get(), 1U);
}

class ListenerTunnelTest : public ListenerTest {
 protected:
  void open(bool codes_tunnel = false) {
    start();
    Ask ask;
    ask.request.method = "GET";
    ask.request.target = "/ws";
    ask.request.host = "site.test";
    ask.request.upgrade = "websocket";
    ask.codes_tunnel = codes_tunnel;
    const EncodedHead head = encode_ask(ask);
    stream_ = sender_.mux.open(head.prelude, head.fields).value();
    carry();
    origin_ = origin();
    bench_.sent(origin_);
    bench_.receive(origin_, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const Answer answer = answered();
    EXPECT_EQ(answer.response.status, 101U);
    EXPECT_EQ(answer.codes_tunnel, codes_tunnel);
  }
  bool is_closed() {
    const auto closes = bench_.take<Close>();
    return std::any_of(closes.begin(), closes.end(), [&](const Close& close) { return close.connection == origin_; });
  }
  link::StreamId stream_{};
  ConnectionId origin_{};
};

TEST_F(ListenerTunnelTest, PassesTheClientsEndOnAndStillCarriesTheOrigins) {
  open();
  sender_.mux.send_data(stream_, as_bytes("bye"));
  sender_.mux.send_end(stream_, {});
  carry();
  EXPECT_TRUE(bench_.take<EndOutput>().empty());
  EXPECT_EQ(bench_.sent(origin_), "bye");
  const auto ends = bench_.take<EndOutput>();
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(ends[0].connection, origin_);
  EXPECT_FALSE(is_closed());
  bench_.receive(origin_, "still here");
  carry();
  EXPECT_EQ(body(), "still here");
  bench_.core->receive_end(origin_, bench_.now);
  carry();
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(sender_.mux.open_streams(), 0U);
  EXPECT_EQ(bench_.counters.requests_completed.get(), 1U);
}

TEST_F(ListenerTunnelTest, PassesTheOriginsEndOnAndStillCarriesTheClients) {
  open();
  bench_.core->receive_end(origin_, bench_.now);
  carry();
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_FALSE(is_closed());
  sender_.mux.send_data(stream_, as_bytes("more"));
  sender_.mux.send_end(stream_, {});
  carry();
  EXPECT_EQ(bench_.sent(origin_), "more");
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(sender_.mux.open_streams(), 0U);
  EXPECT_EQ(bench_.counters.requests_completed.get(), 1U);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 0U);
}

TEST_F(ListenerTunnelTest, CodesATunnelInBothDirectionsIfTheSenderAsksForIt) {
  open(true);
  tunnel::Encoder encoder(true);
  tunnel::Decoder decoder(true);
  std::size_t plain = 0, coded = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string message =
        R"({"event":"phx_reply","topic":"lobby","payload":{"status":"ok"},"ref":)" + std::to_string(i) + "}";
    Bytes up;
    encoder.encode(as_bytes(message), bench_.now, true, up);
    sender_.mux.send_data(stream_, up);
    carry();
    ASSERT_EQ(bench_.sent(origin_), message);

    bench_.receive(origin_, message);
    carry();
    const std::string down = body();
    Bytes back;
    ASSERT_TRUE(decoder.decode(as_bytes(down), 1000, back).has_value());
    ASSERT_EQ(as_text(back), message);
    plain += message.size();
    coded += down.size();
  }
  EXPECT_LT(coded * 2, plain);
  EXPECT_EQ(bench_.counters.tunnel_bytes.get(), 2 * plain);

  sender_.mux.send_end(stream_, {});
  carry();
  bench_.core->receive_end(origin_, bench_.now);
  carry();
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(bench_.counters.requests_completed.get(), 1U);
}

// Three kilobytes of chunks stand for megabytes: an origin that takes nothing must not make us hold them.
TEST_F(ListenerTunnelTest, DecodesNoMoreOfATunnelThanTheOriginTakes) {
  open(true);
  tunnel::Encoder encoder(true);
  Bytes coded;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(tunnel::kMostPieceBytes, static_cast<char>('a' + i % 26));
    expected += piece;
    encoder.encode(as_bytes(piece), bench_.now, true, coded);
  }
  ASSERT_LT(coded.size() * 100, expected.size());
  std::string got;
  for (ByteView rest = coded; got.size() < expected.size();) {
    const std::size_t count = std::min(rest.size(), sender_.mux.sendable(stream_));
    if (count > 0) sender_.mux.send_data(stream_, rest.first(count));
    rest = rest.subspan(count);
    carry();
    EXPECT_LE(bench_.counters.held_upload.get(), 64 * 1024U);
    const std::string more = bench_.sent(origin_);
    ASSERT_TRUE(!more.empty() || count > 0);
    got += more;
  }
  EXPECT_TRUE(got == expected);
}

TEST_F(ListenerTunnelTest, ResetsATunnelWhoseCodedDataIsMalformed) {
  open(true);
  sender_.mux.send_data(stream_, as_bytes("\x02"));
  carry();
  const auto resets = sender_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kBadMessage);
  EXPECT_TRUE(is_closed());
}

TEST_F(ListenerTunnelTest, ClosesTheOriginsConnectionWhenItKeepsSilentAfterTheClientsEnd) {
  open();
  sender_.mux.send_end(stream_, {});
  carry();
  bench_.sent(origin_);
  bench_.pass(config::Config{}.half_closed_timeout);
  carry();
  EXPECT_TRUE(is_closed());
  EXPECT_EQ(sender_.take<link::EndReceived>().size(), 1U);
  EXPECT_EQ(sender_.mux.open_streams(), 0U);
}

TEST_F(ListenerTest, EndsTheRequestsOfALinkThatIsLost) {
  start();
  ask("GET");
  ask("GET");
  bench_.core->closed(link_, {Errc::kUnavailable, "connection reset"}, bench_.now);
  EXPECT_EQ(bench_.counters.requests_failed.get(), 2U);
  bench_.core->drain(1s, bench_.now);
  EXPECT_TRUE(bench_.core->is_drained());
}

// An origin may answer before it has read the request's body. What of the body was on its way then had been held
// against the link for ever: after a few such answers no upload went over that link any more.
TEST_F(ListenerTest, CreditsTheRestOfABodyWhoseAnswerIsComplete) {
  start();
  for (int i = 0; i < 20; ++i) {
    const link::StreamId stream = ask("POST", 1000);
    const auto dials = bench_.take<Dial>();
    ASSERT_LE(dials.size(), 1U);
    if (dials.empty()) FAIL() << "no connection for request " << i;
    const ConnectionId from = dials[0].connection;
    bench_.core->connected(from, {}, bench_.now);
    bench_.sent(from);
    sender_.mux.send_data(stream, as_bytes(std::string(400, 'a')));
    carry();
    bench_.receive(from, "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    // Crosses the answer on the link.
    sender_.mux.send_data(stream, as_bytes(std::string(600, 'b')));
    sender_.mux.send_end(stream, {});
    EXPECT_EQ(answered().response.status, 413U) << i;
    EXPECT_EQ(sender_.mux.open_streams(), 0U) << i;
  }
}

TEST_F(ListenerTest, WaitsForReferencesInTheStoreUntilTheirDeadline) {
  start(true);
  ask("GET", 0, {Id128{}});
  ASSERT_EQ(bench_.take<StoreGet>().size(), 1U);
  const ConnectionId from = origin();
  bench_.sent(from);
  bench_.receive(from, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
  carry();
  EXPECT_TRUE(sender_.take<link::HeadReceived>().empty());
  bench_.pass(config::Config{}.memcached_timeout);
  EXPECT_EQ(answered().response.status, 200U);
  EXPECT_EQ(body(), "hello");
}

TEST_F(ListenerTest, ResetsARequestThatCannotBeRead) {
  start();
  ASSERT_TRUE(sender_.mux.open(as_bytes("?"), {}).has_value());
  carry();
  const auto resets = sender_.take<link::StreamReset>();
  ASSERT_EQ(resets.size(), 1U);
  EXPECT_EQ(resets[0].code, link::ResetCode::kBadMessage);
  EXPECT_EQ(bench_.counters.requests_started.get(), 0U);
}

// A sender process that takes references found by content, and pages of text from the origin.
class ListenerContentTest : public ListenerTest {
 protected:
  ListenerContentTest() { meet(7, isolation_rules(config::Config{})); }
  void meet(std::uint64_t process, std::uint64_t rules) {
    sender_ = FarEnd(link::Role::kAsker, Greeting{.reference_key = {}, .build = "0000"}, {},
                     {.number = process, .rules = rules});
  }
  // The head of the answer to a request for an address by a visitor; empty: without cookies.
  Answer get(const std::string& target, const std::string& cookie, const std::string& text,
             std::optional<Id128> lost = std::nullopt, bool takes_found = true) {
    Ask ask;
    ask.request.method = "GET";
    ask.request.target = target;
    ask.request.host = host_;
    if (!cookie.empty()) ask.request.fields = {{"cookie", cookie}};
    ask.takes_found = takes_found && !lost;
    ask.lost = lost;
    const EncodedHead head = encode_ask(ask);
    sender_.mux.send_end(sender_.mux.open(head.prelude, head.fields).value(), {});
    carry();
    if (!origin_) origin_ = origin();
    bench_.sent(*origin_);
    bench_.receive(*origin_, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
                                 std::to_string(text.size()) + "\r\n\r\n" + text);
    const Answer answer = answered();
    for (const auto& data : sender_.take<link::DataReceived>()) sender_.mux.consumed(data.stream, data.data.size());
    carry();
    return answer;
  }
  static std::string text(int number) {
    std::string all;
    for (int i = 0; i < 40; ++i) all += to_hex(hash128(as_bytes(std::to_string(number * 1000 + i)))) + "\n";
    return all;
  }
  static Id128 id(const std::string& of) { return KeyedHash(Bytes(32, 1))(as_bytes(of)); }
};

TEST_F(ListenerContentTest, FindsTheSamePageUnderAnotherName) {
  start();
  EXPECT_FALSE(get("/a", "", text(1)).found);
  EXPECT_EQ(get("/b/c", "", text(1)).found, id(text(1)));
  EXPECT_FALSE(get("/d", "", text(2)).found);
}

TEST_F(ListenerContentTest, FindsNoVisitorsPageForAnother) {
  start();
  get("/a", "s=ann", text(1));
  EXPECT_FALSE(get("/b/c", "s=bob", text(1)).found);
  EXPECT_FALSE(get("/b/d", "", text(1)).found);
  EXPECT_EQ(get("/b/e", "s=ann", text(1)).found, id(text(1)));
}

TEST_F(ListenerContentTest, FindsForEverybodyWhatSeveralVisitorsWereSent) {
  start();
  for (const char* cookie : {"s=ann", "s=bob", "s=cid"}) EXPECT_FALSE(get("/a", cookie, text(1)).found);
  EXPECT_EQ(get("/b/c", "s=dan", text(1)).found, id(text(1)));
}

TEST_F(ListenerContentTest, DoesNotFindAgainWhatTheSenderHasLost) {
  start();
  get("/a", "", text(1));
  ASSERT_TRUE(get("/b/c", "", text(1)).found);
  // It asks again.
  EXPECT_FALSE(get("/b/c", "", text(1), id(text(1))).found);
  // Now it has it under this name.
  EXPECT_EQ(get("/d/e", "", text(1)).found, id(text(1)));
}

TEST_F(ListenerContentTest, FindsNothingForASenderThatLosesMuch) {
  start();
  for (unsigned i = 0; i < Link::kLostReferences.burst; ++i)
    EXPECT_FALSE(get("/a", "", text(static_cast<int>(i)), Id128{}).found);
  EXPECT_FALSE(get("/b/c", "", text(0)).found);
  bench_.pass(2 * Link::kLostReferences.interval);
  EXPECT_TRUE(get("/d/e", "", text(0)).found);
}

TEST_F(ListenerContentTest, FindsNothingForASenderThatDoesNotTakeIt) {
  start();
  get("/a", "", text(1), std::nullopt, false);
  EXPECT_FALSE(get("/b/c", "", text(1), std::nullopt, false).found);
}

TEST_F(ListenerContentTest, FindsNothingForASenderWithOtherRulesOrOfUnknownProcess) {
  for (const auto& [process, rules] : {std::pair<std::uint64_t, std::uint64_t>{7, 1}, {0, isolation_rules({})}}) {
    meet(process, rules);
    origin_.reset();
    bench_.cache.clear();
    start();
    get("/a", "", text(1));
    EXPECT_FALSE(get("/b/c", "", text(1)).found);
  }
}

}  // namespace
}  // namespace railgun::proxy
