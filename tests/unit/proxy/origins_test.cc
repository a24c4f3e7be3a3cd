// Connections to an origin: which are kept, and for how long.
#include "railgund/proxy/origins.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

http::Request get(const std::string& host = "site.test") {
  http::Request request;
  request.method = "GET";
  request.host = host;
  request.target = "/";
  return request;
}

struct Bench {
  explicit Bench(unsigned kept, unsigned connections = 256) {
    auto made = std::make_shared<config::Config>();
    made->origin_idleconns = kept;
    made->origin_connections = connections;
    made->lan_timeout = seconds(30);
    context.config = made;
  }

  ExchangeId ask(const http::Request& request = get(), const std::string& visitor = "192.0.2.1") {
    context.now = now;
    const ExchangeId exchange{++asked};
    calls.emplace(exchange, origins.begin(exchange, {.targets = targets}, request,
                                          {.link = 1, .site = request.host, .visitor = visitor}));
    return exchange;
  }
  static http::Request upload(const std::string& method, std::uint64_t bytes) {
    http::Request request = get();
    request.method = method;
    request.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = bytes};
    return request;
  }
  // The origin answers on a connection, in as many pieces as it likes.
  void answer(ConnectionId id, const std::string& text) { origins.receive(id, as_bytes(text), now); }
  std::string sent(ConnectionId id) {
    Bytes request;
    while (origins.pull(id, request, 4096, now) > 0) {
    }
    return std::string(as_text(request));
  }
  // The events of one kind since the last call. Others are gone.
  template <typename Kind>
  std::vector<Kind> take() {
    std::vector<Kind> taken;
    while (auto event = origins.poll()) {
      if (auto* wanted = std::get_if<Kind>(&event->input)) taken.push_back(std::move(*wanted));
    }
    return taken;
  }
  // Lets time pass, deadlines included.
  void pass(Duration time) {
    const Instant end = now + time;
    while (origins.deadline() <= end) {
      context.now = now = std::max(now, origins.deadline());
      origins.on_deadline(now);
    }
    context.now = now = end;
  }
  // The dials since the last call; nothing is connected.
  std::vector<Dial> dials() {
    std::vector<Dial> taken;
    while (!context.effects.empty()) {
      if (const auto* dial = std::get_if<Dial>(&context.effects.front())) taken.push_back(*dial);
      context.effects.pop_front();
    }
    return taken;
  }
  // Does what the effects ask for; each connection is there at once. Says how many are new.
  std::size_t connect() {
    std::size_t count = 0;
    while (!context.effects.empty()) {
      const Effect effect = std::move(context.effects.front());
      context.effects.pop_front();
      if (const auto* close = std::get_if<Close>(&effect)) std::erase(opened, close->connection);
      const auto* dial = std::get_if<Dial>(&effect);
      if (dial == nullptr) continue;
      ++count;
      opened.push_back(dial->connection);
      origins.connected(dial->connection, false, now);
    }
    return count;
  }
  std::size_t open_connections() {
    EXPECT_EQ(connect(), 0U);
    return opened.size();
  }
  void answer_all() {
    for (const ConnectionId id : opened) {
      Bytes request;
      if (origins.pull(id, request, 4096, now) == 0) continue;
      origins.receive(id, as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), now);
    }
    while (auto event = origins.poll()) {
      if (!std::holds_alternative<http::ResponseEnd>(event->input)) continue;
      ++answers;
      calls.erase(event->exchange);
    }
  }

  std::vector<config::OriginTarget> targets = {{.secure = false, .endpoint = {"origin", 80}}};
  Instant now{};
  page::Cache cache{1 << 20};
  Counters counters;
  Context context{.config = nullptr, .cache = cache, .counters = counters};
  Origins origins{context};
  std::map<ExchangeId, OriginCall> calls;
  std::uint64_t asked = 0;
  std::vector<ConnectionId> opened;
  std::size_t answers = 0;
};

// With 32 requests at once and 8 kept, three requests of four each opened a connection of their own.
TEST(Origins, KeepMoreThanTheSettingWhileThereAreManyRequests) {
  Bench bench(2);
  for (int i = 0; i < 5; ++i) bench.ask();
  EXPECT_EQ(bench.connect(), 5U);
  bench.answer_all();
  EXPECT_EQ(bench.answers, 5U);
  EXPECT_EQ(bench.open_connections(), 5U);

  bench.now += milliseconds(500);
  for (int i = 0; i < 5; ++i) bench.ask();
  EXPECT_EQ(bench.connect(), 0U);
  bench.answer_all();
  EXPECT_EQ(bench.answers, 10U);

  bench.now += seconds(1);
  bench.origins.on_deadline(bench.now);
  EXPECT_EQ(bench.open_connections(), 2U);
  bench.now += seconds(58);
  bench.origins.on_deadline(bench.now);
  EXPECT_EQ(bench.open_connections(), 2U);
  bench.now += seconds(1);
  bench.origins.on_deadline(bench.now);
  EXPECT_EQ(bench.open_connections(), 0U);
}

// A page that a crashing origin cut short was passed on, and kept, as the whole. The simulator shows it with origins of
// HTTP/1.0.
TEST(Origins, DoNotTakeAResetForTheEndOfABody) {
  Bench bench(2);
  bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
  Bytes request;
  bench.origins.pull(bench.opened[0], request, 4096, bench.now);
  bench.origins.receive(bench.opened[0], as_bytes("HTTP/1.1 200 OK\r\n\r\nhalf a pa"), bench.now);
  bench.origins.closed(bench.opened[0], {Errc::kUnavailable, "connection reset"}, bench.now);
  std::string body;
  bool failed = false;
  while (auto event = bench.origins.poll()) {
    EXPECT_FALSE(std::holds_alternative<http::ResponseEnd>(event->input));
    if (const auto* piece = std::get_if<http::ResponseBody>(&event->input)) body += as_text(piece->bytes);
    if (const auto* failure = std::get_if<http::ExchangeFailed>(&event->input)) {
      failed = true;
      EXPECT_TRUE(failure->answer_begun);
      EXPECT_NE(failure->error.text.find("connection reset"), std::string::npos);
    }
  }
  EXPECT_EQ(body, "half a pa");
  EXPECT_TRUE(failed);
}

TEST(Origins, KeepNoneWhereTheSettingSaysNone) {
  Bench bench(0);
  bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
  bench.answer_all();
  EXPECT_EQ(bench.answers, 1U);
  EXPECT_EQ(bench.open_connections(), 0U);
}

constexpr const char* kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr const char* kEvents = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";

// Four event streams took all connections of an origin, and the next request got nothing at all.
TEST(Origins, AnswerWithinTheTimeoutWhenAllConnectionsAreInUse) {
  Bench bench(2, 4);
  for (int i = 0; i < 4; ++i) bench.ask();
  EXPECT_EQ(bench.connect(), 4U);
  for (const ConnectionId id : bench.opened) {
    bench.sent(id);
    bench.answer(id, kEvents);
  }
  bench.take<http::ResponseReceived>();
  bench.ask();
  EXPECT_EQ(bench.connect(), 0U);
  bench.pass(seconds(29));
  EXPECT_TRUE(bench.take<OriginBusy>().empty());
  bench.pass(seconds(1));
  const auto busy = bench.take<OriginBusy>();
  ASSERT_EQ(busy.size(), 1U);
  EXPECT_EQ(busy[0].error.code, Errc::kUnavailable);
  EXPECT_NE(busy[0].error.text.find("origin.connections"), std::string::npos);
  EXPECT_EQ(bench.counters.origin_refused.get(), 1U);
}

TEST(Origins, GiveAWaitingRequestTheConnectionThatIsFree) {
  Bench bench(2, 1);
  bench.ask();
  const ExchangeId second = bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], kAnswer);
  bench.calls.erase(ExchangeId{1});
  EXPECT_TRUE(bench.sent(bench.opened[0]).starts_with("GET / HTTP/1.1"));
  bench.calls.erase(second);
  EXPECT_EQ(bench.open_connections(), 0U);
  EXPECT_EQ(bench.origins.pools(), 0U);
  EXPECT_EQ(bench.origins.deadline(), kNever);
}

TEST(Origins, LeaveConnectionsForOthersThanOneVisitor) {
  Bench bench(2, 16);
  for (int i = 0; i < 30; ++i) bench.ask(get("site.test"), "greedy");
  EXPECT_EQ(bench.connect(), 14U);
  bench.ask(get("other.test"), "other");
  EXPECT_EQ(bench.connect(), 1U);
}

TEST(Origins, LeaveConnectionsForPagesWhenThereAreManyStreams) {
  Bench bench(2, 16);
  for (int i = 0; i < 14; ++i) {
    bench.ask();
    EXPECT_EQ(bench.connect(), 1U);
    bench.sent(bench.opened.back());
    bench.answer(bench.opened.back(), kEvents);
    EXPECT_EQ(bench.take<OriginBusy>().size(), i < 13 ? 0U : 1U) << i;
  }
  // A tunnel and an upload that has not come are streams, too; a page is not.
  http::Request tunnel = get();
  tunnel.upgrade = "websocket";
  bench.connect();
  for (int i = 0; i < 3; ++i) bench.ask(tunnel);
  bench.ask(Bench::upload("POST", 10));
  const std::size_t streams = bench.connect();
  EXPECT_LE(streams, 1U);
  bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
  // The upload has come: it is as any other request.
  bench.calls.rbegin()->second.upload_at_hand();
  std::next(bench.calls.rbegin())->second.upload_at_hand();
  EXPECT_EQ(bench.connect(), 1U);
}

// 20,000 names that lead nowhere were remembered for ever, 835 bytes each.
TEST(Origins, ForgetNamesThatLeadNowhere) {
  Bench bench(2);
  for (int i = 0; i < 3000; ++i) {
    bench.targets = {{.secure = false, .endpoint = {"name" + std::to_string(i), 80}}};
    const ExchangeId exchange = bench.ask();
    for (const Dial& dial : bench.dials())
      bench.origins.closed(dial.connection, {Errc::kUnavailable, "no such name"}, bench.now);
    bench.calls.erase(exchange);
  }
  EXPECT_EQ(bench.origins.pools(), 0U);
  EXPECT_LE(bench.origins.targets_in_trouble(), OriginHealth::kMost);
}

TEST(Origins, SendABodylessRequestAgainOnAFreshConnection) {
  for (const char* method : {"DELETE", "PUT", "GET", "POST"}) {
    Bench bench(2);
    bench.ask();
    bench.connect();
    bench.answer_all();
    const ExchangeId second = bench.ask(Bench::upload(method, 0));
    EXPECT_EQ(bench.connect(), 0U);
    bench.calls.at(second).end();
    EXPECT_NE(bench.sent(bench.opened[0]).find("Content-Length: 0"), std::string::npos);
    bench.origins.closed(bench.opened[0], {Errc::kUnavailable, "connection reset"}, bench.now);
    const bool is_repeated = std::string_view(method) != "POST";
    EXPECT_EQ(bench.connect(), is_repeated ? 1U : 0U) << method;
    EXPECT_EQ(bench.take<http::ExchangeFailed>().size(), is_repeated ? 0U : 1U) << method;
    if (!is_repeated) continue;
    EXPECT_NE(bench.sent(bench.opened.back()).find(method), std::string::npos);
    bench.answer(bench.opened.back(), kAnswer);
    EXPECT_EQ(bench.take<http::ResponseEnd>().size(), 1U) << method;
  }
}

TEST(Origins, DoNotUseAConnectionThatIsAboutToBeClosed) {
  Bench bench(2);
  bench.ask();
  bench.connect();
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=9\r\nContent-Length: 2\r\n\r\nok");
  bench.now += milliseconds(3900);
  bench.ask();
  EXPECT_EQ(bench.connect(), 0U);
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok");
  bench.now += milliseconds(500);  // on_deadline() has not come yet
  bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
}

TEST(Origins, TryTheNextTargetWhenOneIsSilent) {
  Bench bench(2);
  bench.targets = {{.secure = false, .endpoint = {"dead", 80}}, {.secure = false, .endpoint = {"live", 80}}};
  bench.ask();
  auto dials = bench.dials();
  ASSERT_EQ(dials.size(), 1U);
  EXPECT_EQ(dials[0].deadline, bench.now + seconds(2));
  bench.now = dials[0].deadline;
  bench.context.now = bench.now;
  bench.origins.closed(dials[0].connection, {Errc::kTimeout, "i/o timeout"}, bench.now);
  dials = bench.dials();
  ASSERT_EQ(dials.size(), 1U);
  EXPECT_EQ(dials[0].endpoint.host, "live");
  // The next request goes there at once, whosever turn it is.
  bench.ask();
  dials = bench.dials();
  ASSERT_EQ(dials.size(), 1U);
  EXPECT_EQ(dials[0].endpoint.host, "live");
}

TEST(Origins, RefuseAtOnceWhatDoesNotAnswerAndProbeIt) {
  Bench bench(2);
  for (int i = 0; i < 2; ++i) {
    bench.ask();
    for (const Dial& dial : bench.dials())
      bench.origins.closed(dial.connection, {Errc::kTimeout, "i/o timeout"}, bench.now);
  }
  EXPECT_EQ(bench.take<http::ExchangeFailed>().size(), 2U);
  bench.ask();
  EXPECT_TRUE(bench.dials().empty());
  const auto busy = bench.take<OriginBusy>();
  ASSERT_EQ(busy.size(), 1U);
  EXPECT_EQ(busy[0].error.code, Errc::kTimeout);
  // A second later a request is refused, but a probe goes out beside it, one at a time.
  bench.now += seconds(1);
  bench.ask();
  bench.ask();
  EXPECT_EQ(bench.take<OriginBusy>().size(), 2U);
  const auto probes = bench.dials();
  ASSERT_EQ(probes.size(), 1U);
  bench.origins.connected(probes[0].connection, false, bench.now);
  bench.ask();
  EXPECT_TRUE(bench.dials().empty());
  EXPECT_TRUE(bench.sent(probes[0].connection).starts_with("GET / HTTP/1.1"));
}

// ---- HTTP/2

constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);
// HEADERS with ":status: 200" and END_STREAM.
std::string ok_on(char stream) { return std::string("\0\0\1\1\5\0\0\0", 8) + stream + "\x88"; }
std::string goaway(char last) {
  return std::string("\0\0\10\7\0\0\0\0\0\0\0\0", 12) + last + std::string("\0\0\0\0", 4);
}

struct Http2Bench : Bench {
  Http2Bench() : Bench(8, 4) { targets = {{.secure = false, .endpoint = {"origin", 80}, .http2 = true}}; }
};

TEST(Http2Origins, ShareAConnectionBetweenManyRequests) {
  Http2Bench bench;
  for (int i = 0; i < 3; ++i) bench.ask();
  EXPECT_EQ(bench.connect(), 1U);
  bench.ask();
  EXPECT_EQ(bench.connect(), 0U);
  const ConnectionId connection = bench.opened[0];
  EXPECT_TRUE(bench.sent(connection).starts_with("PRI * HTTP/2.0"));
  bench.answer(connection, std::string(kSettings) + ok_on(5) + ok_on(1) + ok_on(7) + ok_on(3));
  EXPECT_EQ(bench.take<http::ResponseEnd>().size(), 4U);
  EXPECT_EQ(bench.counters.origin_connections.get(), 1U);
  EXPECT_EQ(bench.counters.origin_reused.get(), 1U);
  // It is kept, for as long as an idle connection may be.
  EXPECT_EQ(bench.open_connections(), 1U);
  bench.pass(config::Config{}.origin_idle_timeout);
  EXPECT_EQ(bench.open_connections(), 0U);
  EXPECT_EQ(bench.origins.pools(), 0U);
}

TEST(Http2Origins, MakeAnotherConnectionWhenOneIsFull) {
  Http2Bench bench;
  for (std::size_t i = 0; i < http2::kClientStreams + 1; ++i) bench.ask();
  EXPECT_EQ(bench.connect(), 2U);
}

TEST(Http2Origins, HaveNoMoreConnectionsThanTheSetting) {
  Http2Bench bench;
  for (int i = 0; i < 4; ++i) {
    bench.ask();
    EXPECT_EQ(bench.connect(), 1U);
    // SETTINGS_MAX_CONCURRENT_STREAMS 1.
    bench.answer(bench.opened.back(), std::string("\0\0\6\4\0\0\0\0\0\0\3\0\0\0\1", 15));
  }
  bench.ask();
  EXPECT_EQ(bench.connect(), 0U);
  EXPECT_EQ(bench.take<OriginBusy>().size(), 1U);
}

TEST(Http2Origins, AskAgainWhatGoawayHasLeftOut) {
  Http2Bench bench;
  bench.ask();
  http::Request post = get();
  post.method = "POST";
  bench.ask(post);
  bench.connect();
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], std::string(kSettings) + goaway(1));
  EXPECT_EQ(bench.connect(), 1U);
  EXPECT_EQ(bench.counters.origin_retries.get(), 1U);
  bench.sent(bench.opened[1]);
  bench.answer(bench.opened[1], std::string(kSettings) + ok_on(1));
  EXPECT_EQ(bench.take<http::ResponseEnd>().size(), 1U);
  bench.answer(bench.opened[0], ok_on(1));
  EXPECT_EQ(bench.take<http::ResponseEnd>().size(), 1U);
  EXPECT_EQ(bench.open_connections(), 1U);  // the first is over
}

TEST(Http2Origins, ResetTheStreamOfACallThatNobodyWants) {
  Http2Bench bench;
  const ExchangeId first = bench.ask();
  bench.ask();
  bench.connect();
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], std::string(kSettings));
  bench.sent(bench.opened[0]);
  bench.calls.erase(first);
  EXPECT_EQ(bench.sent(bench.opened[0]), std::string("\0\0\4\3\0\0\0\0\1\0\0\0\10", 13));  // RST_STREAM, CANCEL
  bench.answer(bench.opened[0], ok_on(3));
  EXPECT_EQ(bench.take<http::ResponseEnd>().size(), 1U);
  EXPECT_EQ(bench.open_connections(), 1U);
}

TEST(Http2Origins, FallBackToHttp1WhereTlsChoosesIt) {
  Http2Bench bench;
  bench.targets[0].secure = true;
  for (int i = 0; i < 3; ++i) bench.ask();
  const auto dials = bench.dials();
  ASSERT_EQ(dials.size(), 1U);
  EXPECT_TRUE(dials[0].offers_http2);
  bench.origins.connected(dials[0].connection, false, bench.now);
  EXPECT_TRUE(bench.sent(dials[0].connection).starts_with("GET / HTTP/1.1"));
  EXPECT_EQ(bench.dials().size(), 2U);  // the others have connections of their own
  bench.ask();
  EXPECT_EQ(bench.dials().size(), 1U);
}

TEST(Http2Origins, AskForAnUpgradeInHttp1) {
  Http2Bench bench;
  http::Request request = get();
  request.upgrade = "websocket";
  bench.ask(request);
  EXPECT_EQ(bench.connect(), 1U);
  EXPECT_TRUE(bench.sent(bench.opened[0]).starts_with("GET / HTTP/1.1"));
}

TEST(Http2Origins, FailEveryCallOfAConnectionThatBreaks) {
  Http2Bench bench;
  http::Request post = get();
  post.method = "POST";
  for (int i = 0; i < 3; ++i) bench.ask(post);
  bench.connect();
  bench.sent(bench.opened[0]);
  bench.answer(bench.opened[0], std::string(kSettings) + ok_on(1));
  bench.origins.closed(bench.opened[0], {Errc::kUnavailable, "connection reset"}, bench.now);
  EXPECT_EQ(bench.take<http::ExchangeFailed>().size(), 2U);
  EXPECT_EQ(bench.open_connections(), 0U);
  EXPECT_EQ(bench.origins.pools(), 0U);
}

TEST(Http2Origins, FailEveryCallThatWaitedForAConnectionThatDoesNotCome) {
  Http2Bench bench;
  for (int i = 0; i < 3; ++i) bench.ask();
  const auto dials = bench.dials();
  ASSERT_EQ(dials.size(), 1U);
  bench.origins.closed(dials[0].connection, {Errc::kUnavailable, "connection refused"}, bench.now);
  EXPECT_EQ(bench.take<http::ExchangeFailed>().size(), 3U);
  EXPECT_EQ(bench.origins.pools(), 0U);
}

}  // namespace
}  // namespace railgun::proxy
