#include "railgund/link/mux.h"

#include <gtest/gtest.h>

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

using namespace std::chrono_literals;

TEST(Mux, GreetsAndMeasuresTheRoundTripAtOnce) {
  Pair pair;
  EXPECT_FALSE(pair.asker.is_ready());
  EXPECT_FALSE(pair.asker.can_open());
  pair.settle();
  EXPECT_TRUE(pair.asker.is_ready() && pair.answerer.is_ready() && pair.asker.can_open());
  EXPECT_FALSE(pair.answerer.can_open());
  const auto events = drain(pair.answerer);
  ASSERT_NE(find_event<HelloReceived>(events), nullptr);
  EXPECT_EQ(as_text(find_event<HelloReceived>(events)->payload), "hello from asker");
  EXPECT_NE(find_event<RoundTripMeasured>(events), nullptr);
  EXPECT_TRUE(pair.asker.round_trip().has_value());
}

TEST(Mux, CarriesARequestAndItsAnswer) {
  Pair pair;
  pair.greeted();
  const auto stream = pair.asker.open(as_bytes("GET /"), {{"Host", "example.com"}});
  ASSERT_TRUE(stream);
  pair.asker.send_end(*stream, {});
  pair.settle();
  auto events = drain(pair.answerer);
  ASSERT_EQ(events.size(), 2U);
  const auto* head = find_event<HeadReceived>(events);
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(as_text(head->prelude), "GET /");
  EXPECT_EQ(head->fields, (Fields{{"host", "example.com"}}));
  EXPECT_EQ(head->stream, *stream);
  ASSERT_NE(find_event<EndReceived>(events), nullptr);

  ASSERT_TRUE(pair.answerer.send_head(*stream, as_bytes("200"), {{"Server", "x"}}));
  pair.answerer.send_data(*stream, as_bytes("hello"));
  pair.answerer.send_end(*stream, as_bytes("check"));
  EXPECT_EQ(pair.answerer.open_streams(), 1U);
  pair.settle();
  EXPECT_EQ(pair.answerer.open_streams(), 0U);
  EXPECT_EQ(pair.asker.open_streams(), 0U);
  events = drain(pair.asker);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(as_text(std::get<HeadReceived>(events[0]).prelude), "200");
  EXPECT_EQ(as_text(std::get<DataReceived>(events[1]).data), "hello");
  EXPECT_EQ(as_text(std::get<EndReceived>(events[2]).trailer), "check");
}

TEST(Mux, SmallExchangeIsFramedInTenBytesOrLessEachWay) {
  Pair pair;
  pair.greeted();
  for (int i = 0; i < 500; ++i) {
    const auto stream = pair.asker.open({}, {});
    ASSERT_TRUE(stream);
    pair.asker.send_end(*stream, {});
    const auto there = pair.settle();
    const std::size_t table_size = i == 0 ? 4 : 0;  // stated in the first block of each direction (RFC 7541 6.3)
    EXPECT_EQ(there.first - table_size, 4U);        // header of HEAD, and its prelude's length
    ASSERT_TRUE(pair.answerer.send_head(*stream, {}, {}));
    pair.answerer.send_data(*stream, as_bytes("tiny"));
    pair.answerer.send_end(*stream, as_bytes("12345678"));
    const auto back = pair.settle();
    EXPECT_EQ(back.first, 0U);
    EXPECT_EQ(back.second - table_size - 4 - 8, 8U);  // headers of HEAD and DATA, lengths of prelude and trailer
    pair.asker.consumed(*stream, 4);
  }
}

}  // namespace
}  // namespace railgun::link
