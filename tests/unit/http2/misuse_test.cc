// Each attack by name, as raw frames: it ends with GOAWAY and ENHANCE_YOUR_CALM, and costs no more than its budget.
#include "railgund/http2/misuse.h"

#include <gtest/gtest.h>

#include "client.h"

namespace railgun::http2 {
namespace {

using namespace std::chrono_literals;
using test::Client;
using test::frame;
using test::get;
using test::headers;
using test::number;

constexpr std::string_view kCalm = "code 11";

// Sends `attack` up to `times` times, with what time passes between; how often it was let. The last frame that the
// client gets must be GOAWAY with ENHANCE_YOUR_CALM.
template <typename Attack>
int times_let(Client& client, Misuse misuse, int times, Attack attack) {
  for (int i = 0; i < times; ++i) {
    attack(i);
    client.heard();
    const auto frames = client.gets();
    if (!client.connection.wants_close()) continue;
    EXPECT_TRUE(Client::text_of(frames).ends_with(kCalm)) << Client::text_of(frames);
    EXPECT_EQ(client.connection.misuse(), misuse);
    return i;
  }
  return times;
}

std::uint32_t nth(int i) { return static_cast<std::uint32_t>(2 * i + 1); }

TEST(Http2Misuse, EndsRapidReset) {
  Client client;
  EXPECT_EQ(times_let(client, Misuse::kResets, 10'000,
                      [&](int i) {
                        client.asks(nth(i));
                        client.sends(frame(test::kRstStream, 0, nth(i), number(8, 4)));
                      }),
            500);
}

TEST(Http2Misuse, BeginsNoExchangeForRequestsThatAreResetInTheSameBytes) {
  Client client;
  std::string attack;
  for (int i = 0; i < 400; ++i) attack += headers(nth(i), get()) + frame(test::kRstStream, 0, nth(i), number(8, 4));
  client.sends(attack);
  EXPECT_EQ(client.heard(), "");
}

TEST(Http2Misuse, LetsAClientCancelNowAndThen) {
  Client client;
  for (int i = 0; i < 5000; ++i) {
    client.asks(nth(i));
    client.sends(frame(test::kRstStream, 0, nth(i), number(8, 4)));
    client.heard();
    client.gets();
    client.passes(50ms);
  }
  EXPECT_FALSE(client.connection.wants_close());
}

// The client makes the server reset its streams: by a body that is longer than announced, for instance.
TEST(Http2Misuse, EndsMadeYouReset) {
  Client client;
  EXPECT_EQ(times_let(client, Misuse::kFaults, 10'000,
                      [&](int i) {
                        Fields fields = get();
                        fields.push_back({"content-length", "1"});
                        client.sends(headers(nth(i), fields, false) + frame(test::kData, 0, nth(i), "ab"));
                      }),
            100);
}

TEST(Http2Misuse, EndsMadeYouResetByWindowsThatOverflow) {
  Client client;
  EXPECT_EQ(times_let(client, Misuse::kFaults, 10'000,
                      [&](int i) {
                        client.asks(nth(i));
                        client.opens_window(nth(i), 0x7fffffff);
                      }),
            100);
}

TEST(Http2Misuse, EndsAFloodOfContinuations) {
  Client client;
  client.sends(frame(test::kHeaders, 0, 1, test::block(get())));
  const int let = times_let(client, Misuse::kContinuations, 1000, [&](int) {
    client.sends(frame(test::kContinuation, 0, 1, test::block({{"x", "y"}})));
  });
  EXPECT_EQ(let, 8);
}

// One entry of 4 KB in HPACK's table, then one byte for each copy.
TEST(Http2Misuse, EndsAHeaderBomb) {
  Client client;
  std::string bomb = test::block(get());
  const std::string value(3800, 'x');
  // A literal that is indexed; the length takes a prefix of 7 bits and two bytes more.
  bomb += number(0x40, 1) + number(1, 1) + "x" + number(0x7f, 1) + number((3800 - 127) % 128 + 128, 1) +
          number((3800 - 127) / 128, 1) + value;
  bomb += std::string(10'000, static_cast<char>(0x80 | 62));
  EXPECT_EQ(times_let(client, Misuse::kHeads, 1, [&](int) { client.sends(frame(test::kHeaders, 5, 1, bomb)); }), 0);
}

TEST(Http2Misuse, EndsABombInTrailers) {
  Client client;
  client.sends(headers(1, get(), false));
  std::string bomb = number(0x40, 1) + number(1, 1) + "x" + number(100, 1) + std::string(100, 'x');
  bomb += std::string(10'000, static_cast<char>(0x80 | 62));
  EXPECT_EQ(times_let(client, Misuse::kHeads, 1, [&](int) { client.sends(frame(test::kHeaders, 5, 1, bomb)); }), 0);
}

TEST(Http2Misuse, EndsCookieCrumbsBeyondTheLimitOfFields) {
  Client client;
  const int let = times_let(client, Misuse::kHeads, 1000, [&](int i) {
    Fields fields = get();
    for (int crumb = 0; crumb < 200; ++crumb) fields.push_back({"cookie", "a=b"});
    client.sends(headers(nth(i), fields));
  });
  EXPECT_EQ(let, 20);
}

TEST(Http2Misuse, EndsAFloodOfSettings) {
  Client client;
  const int let = times_let(client, Misuse::kSettings, 1000,
                            [&](int) { client.sends(frame(test::kSettings, 0, 0, test::setting(4, 1000))); });
  EXPECT_EQ(let, 19);  // one was the opening's
}

TEST(Http2Misuse, EndsAFloodOfPings) {
  Client client;
  EXPECT_EQ(times_let(client, Misuse::kPings, 1000,
                      [&](int) { client.sends(frame(test::kPing, 0, 0, std::string(8, 'x'))); }),
            100);
}

TEST(Http2Misuse, EndsAFloodOfEmptyData) {
  for (const bool is_padded : {false, true}) {
    Client client;
    client.sends(headers(1, get(), false));
    const int let = times_let(client, Misuse::kEmptyData, 1000, [&](int) {
      client.sends(is_padded ? frame(test::kData, test::kPadded, 1, number(3, 1) + "xxx")
                             : frame(test::kData, 0, 1, {}));
    });
    EXPECT_EQ(let, 100);
  }
}

TEST(Http2Misuse, EndsAFloodOfPriorities) {
  for (const bool is_update : {false, true}) {
    Client client;
    client.asks(1);
    const int let = times_let(client, Misuse::kPriorities, 2000, [&](int i) {
      client.sends(is_update ? frame(test::kPriorityUpdate, 0, 0, number(1, 4) + (i % 2 == 0 ? "u=1" : "u=2"))
                             : frame(test::kPriority, 0, 1, number(0, 4) + "x"));
    });
    EXPECT_EQ(let, 500);
  }
}

// The client lets one byte out at a time.
TEST(Http2Misuse, EndsADribbleOfWindows) {
  Client client({}, test::setting(4, 0));
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  const int let = times_let(client, Misuse::kWindowUpdates, 5000, [&](int) {
    client.opens_window(1, 1);
    client.connection.send_body(StreamId{1}, Bytes(1), client.now);
  });
  EXPECT_EQ(let, 1000);
}

// Also each message of 10 bytes, as gRPC's clients do.
TEST(Http2Misuse, LetsAClientAcknowledgeWhatItWasSent) {
  for (const std::uint32_t size : {4096u, 10u}) {
    Client client({}, test::setting(4, 100'000));
    client.asks(1);
    client.heard();
    client.begins_answer(1);
    for (int i = 0; i < 20'000; ++i) {  // at once
      client.connection.send_body(StreamId{1}, Bytes(size), client.now);
      client.gets();
      client.opens_window(1, size);
      client.opens_window(0, size);
    }
    EXPECT_FALSE(client.connection.wants_close()) << size;
  }
}

TEST(Http2Misuse, LetsAClientAcknowledgeManySmallMessagesAtOnce) {
  Client client;
  client.asks(1);
  client.heard();
  client.begins_answer(1);
  for (int i = 0; i < 1500; ++i) {
    client.connection.send_body(StreamId{1}, Bytes(10), client.now);
    client.gets();
  }
  for (int i = 0; i < 1500; ++i) {
    client.opens_window(1, 10);
    client.opens_window(0, 10);
  }
  EXPECT_FALSE(client.connection.wants_close());
}

TEST(Http2Misuse, EndsAClientThatPinsAnswers) {
  Client client({}, test::setting(4, 0));
  const int let = times_let(client, Misuse::kPinned, 20, [&](int i) {
    for (std::uint32_t stream = 0; stream < 5; ++stream) {
      client.asks(nth(5 * i) + 2 * stream);
      client.heard();
      client.begins_answer(nth(5 * i) + 2 * stream);
      client.gets();
    }
    client.passes(60s);
  });
  EXPECT_EQ(let, 2);  // ten at once, and one more every minute
}

TEST(Http2Misuse, EndsAClientThatOpensMoreThanItWasTold) {
  Client client;
  for (int i = 0; i < 100; ++i) client.asks(nth(i));
  client.heard();
  EXPECT_EQ(times_let(client, Misuse::kStreams, 1, [&](int) { client.asks(201); }), 0);
}

TEST(Http2Misuse, RefusesStreamsThatTheClientCouldNotKnowToBeTooMany) {
  ServerConnection connection({}, true, {});
  std::string input = std::string(kPreface) + frame(test::kSettings, 0, 0, {});
  for (int i = 0; i < 120; ++i) input += headers(nth(i), get());
  connection.receive(as_bytes(input), {});
  int begun = 0;
  while (auto event = connection.poll()) begun += std::holds_alternative<http::RequestReceived>(event->event) ? 1 : 0;
  EXPECT_EQ(begun, 100);
  Bytes bytes;
  while (connection.pull(bytes, 10'000, {}) > 0) {
  }
  std::string text(as_text(bytes));
  int refused = 0;
  for (const auto& next : test::take_frames(text)) refused += next.type == test::kRstStream && next.u32(0) == 7 ? 1 : 0;
  EXPECT_EQ(refused, 20);
  EXPECT_FALSE(connection.wants_close());
}

TEST(Http2Misuse, EndsAFloodOfGoaways) {
  Client client;
  client.asks(1);
  const int let =
      times_let(client, Misuse::kOther, 1000, [&](int) { client.sends(frame(test::kGoaway, 0, 0, number(0, 8))); });
  EXPECT_EQ(let, 20);
}

TEST(Http2Misuse, SkipsUnknownFrames) {
  Client client;
  for (int i = 0; i < 1000; ++i) client.sends(frame(0x55, 0xff, 0, "grease"));
  EXPECT_EQ(client.gets_text(), "");
}

// It sends what must be answered, and takes no answer.
TEST(Http2Misuse, DoesNotReadAClientThatTakesNothing) {
  Client client;
  for (int i = 0; i < 5000 && client.connection.wants_read(); ++i) {
    client.sends(frame(test::kPing, 0, 0, std::string(8, 'x')) + frame(test::kSettings, 0, 0, {}));
    client.passes(1s);
    if (client.connection.wants_close()) break;
  }
  EXPECT_TRUE(client.connection.wants_reset());
}

}  // namespace
}  // namespace railgun::http2
