// Connections to an origin: which are kept, and for how long.
#include "railgund/proxy/origins.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Bench {
  explicit Bench(unsigned kept) {
    auto made = std::make_shared<config::Config>();
    made->origin_idleconns = kept;
    context.config = made;
  }

  void ask() {
    http::Request request;
    request.method = "GET";
    request.host = "site.test";
    request.target = "/";
    context.now = now;
    const ExchangeId exchange{++asked};
    calls.emplace(exchange,
                  origins.begin(exchange, {.targets = {{.secure = false, .endpoint = {"origin", 80}}}}, request));
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
      origins.connected(dial->connection, now);
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

}  // namespace
}  // namespace railgun::proxy
