#include "railgund/link/mux.h"

#include <gtest/gtest.h>

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxSlack = 512;  // pull() leaves this much room rather than send a crumb of data

TEST(Mux, GreetsAndMeasuresTheRoundTripAtOnce) {
  Pair pair;
  EXPECT_FALSE(pair.asker.can_open());
  pair.settle();
  EXPECT_TRUE(pair.asker.can_open());
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

TEST(Mux, CarriesTrailersBehindTheHeadsOfBothDirections) {
  Pair pair;
  pair.greeted();
  const auto stream = pair.asker.open({}, {{"a", "b"}});
  ASSERT_TRUE(pair.asker.send_trailers(*stream, {{"x-up", "1"}}));
  pair.asker.send_end(*stream, {});
  pair.settle();
  auto events = drain(pair.answerer);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(std::get<TrailersReceived>(events[1]).fields, (Fields{{"x-up", "1"}}));
  EXPECT_NE(find_event<EndReceived>(events), nullptr);

  ASSERT_TRUE(pair.answerer.send_head(*stream, {}, {}));
  pair.answerer.send_data(*stream, as_bytes("body"));
  ASSERT_TRUE(pair.answerer.send_trailers(*stream, {{"grpc-status", "0"}}));
  pair.answerer.send_end(*stream, as_bytes("check"));
  pair.settle();
  events = drain(pair.asker);
  ASSERT_NE(find_event<TrailersReceived>(events), nullptr);
  EXPECT_EQ(find_event<TrailersReceived>(events)->fields, (Fields{{"grpc-status", "0"}}));
  EXPECT_EQ(as_text(find_event<DataReceived>(events)->data), "body");
  EXPECT_EQ(as_text(find_event<EndReceived>(events)->trailer), "check");
  EXPECT_EQ(pair.asker.open_streams(), 0U);
}

TEST(Mux, TakesNoTrailersOverTheirLimit) {
  Pair pair;
  pair.greeted();
  const auto stream = pair.asker.open({}, {});
  const auto sent = pair.asker.send_trailers(*stream, {{"x", std::string(Mux::kMaxTrailerFieldBytes, 'y')}});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::kTooLarge);
  EXPECT_TRUE(pair.asker.send_trailers(*stream, {{"x", std::string(Mux::kMaxTrailerFieldBytes - 1, 'y')}}));
  pair.asker.send_end(*stream, {});
  pair.settle();
  EXPECT_NE(find_event<TrailersReceived>(drain(pair.answerer)), nullptr);
}

TEST(Mux, CarriesInterimHeadsBeforeTheAnswers) {
  Pair pair;
  pair.greeted();
  const auto stream = pair.asker.open(as_bytes("GET /"), {});
  ASSERT_TRUE(stream);
  pair.settle();
  drain(pair.answerer);
  const Fields large{{"link", std::string(20'000, 'x')}};  // of two frames
  ASSERT_TRUE(pair.answerer.send_interim(*stream, as_bytes("103"), large));
  ASSERT_TRUE(pair.answerer.send_interim(*stream, as_bytes("103"), {{"link", "b"}}));
  ASSERT_TRUE(pair.answerer.send_head(*stream, as_bytes("200"), {{"link", "b"}}));
  ASSERT_TRUE(pair.answerer.send_interim(*stream, as_bytes("103"), {}));  // too late
  pair.answerer.send_end(*stream, {});
  pair.settle();
  const auto events = drain(pair.asker);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_TRUE(std::get<HeadReceived>(events[0]).is_interim);
  EXPECT_EQ(std::get<HeadReceived>(events[0]).fields, large);
  EXPECT_TRUE(std::get<HeadReceived>(events[1]).is_interim);
  EXPECT_FALSE(std::get<HeadReceived>(events[2]).is_interim);
  EXPECT_EQ(std::get<HeadReceived>(events[2]).fields, (Fields{{"link", "b"}}));
}

TEST(Mux, SendsABoundedNumberOfInterimHeads) {
  Pair pair;
  pair.greeted();
  const auto stream = pair.asker.open({}, {});
  ASSERT_TRUE(stream);
  pair.settle();
  for (unsigned i = 0; i < 2 * Mux::kMostInterimHeads; ++i) ASSERT_TRUE(pair.answerer.send_interim(*stream, {}, {}));
  pair.settle();
  EXPECT_EQ(drain(pair.asker).size(), Mux::kMostInterimHeads);
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

// Issue: at most 60 bytes for a repeated request, and for its answer's head, all framing and a prelude counted.
TEST(Mux, RepeatedHeadsFitInSixtyBytes) {
  Pair pair;
  pair.greeted();
  for (const char* date : {"Sun, 22 Nov 2026 21:00:00 GMT", "Sun, 22 Nov 2026 21:00:09 GMT"}) {
    const auto stream = pair.asker.open(as_bytes("GET /news/"), browser_fields());
    ASSERT_TRUE(stream);
    pair.asker.send_end(*stream, {});
    const Bytes request = pull_all(pair.asker);
    ASSERT_TRUE(pair.answerer.receive(request, {}));
    ASSERT_TRUE(pair.answerer.send_head(*stream, as_bytes("200"), answer_fields(date, "92516")));
    pair.answerer.send_end(*stream, {});
    const Bytes answer = pull_all(pair.answerer);
    ASSERT_TRUE(pair.asker.receive(answer, {}));
    const bool repeated = *stream == StreamId{2};
    EXPECT_LE(request.size(), repeated ? 60U : 500U);
    EXPECT_LE(answer.size(), repeated ? 60U : 500U);
  }
}

// Opens a stream and brings its head to the other end, and the answer's head back.
StreamId exchange(Pair& pair) {
  const auto stream = pair.asker.open({}, {});
  EXPECT_TRUE(stream);
  pair.settle();
  EXPECT_TRUE(pair.answerer.send_head(*stream, {}, {}));
  pair.settle();
  drain(pair.asker);
  drain(pair.answerer);
  return *stream;
}

TEST(Mux, HeadsOverOneFrameAreContinued) {
  Pair pair;
  pair.greeted();
  const Fields fields{{"big", std::string(40'000, '\x01')}, {"other", std::string(20'000, '\x02')}};
  const auto stream = pair.asker.open(Bytes(1000, 'p'), fields);
  ASSERT_TRUE(stream);
  pair.asker.send_end(*stream, {});
  pair.settle();
  const auto events = drain(pair.answerer);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<HeadReceived>(events[0]).fields, fields);
  EXPECT_TRUE(std::holds_alternative<EndReceived>(events[1]));
}

TEST(Mux, RefusesAHeadOverEitherEndsLimitAndGoesOn) {
  Limits small;
  small.head_bytes = 100;
  Pair pair({}, small);
  pair.greeted();
  EXPECT_EQ(pair.asker.open(Bytes(50), {{"n", std::string(50, 'x')}}).error().code, Errc::kTooLarge);
  ASSERT_TRUE(pair.asker.open(Bytes(50), {{"n", std::string(49, 'x')}}));
  pair.settle();
  EXPECT_EQ(pair.answerer.send_head(StreamId{1}, Bytes(101), {}).error().code, Errc::kTooLarge);
  EXPECT_TRUE(pair.answerer.send_head(StreamId{1}, Bytes(100), {}));
}

// One stream may fill its whole queue.
Limits large_queues() {
  Limits limits;
  limits.link_queue_bytes = 64 * 1024 * 1024;
  return limits;
}

TEST(Mux, SmallAnswersDoNotWaitForABigOne) {
  Pair pair(large_queues(), large_queues());
  pair.greeted();
  const StreamId big = exchange(pair);
  const StreamId small = exchange(pair);
  pair.answerer.send_data(big, Bytes(200'000, 'b'));
  pair.answerer.send_data(small, as_bytes("small"));
  pair.answerer.send_end(small, {});
  Bytes first;
  pair.answerer.pull(first, 20'000, {});
  ASSERT_TRUE(pair.asker.receive(first, {}));
  const auto events = drain(pair.asker);
  EXPECT_EQ(data_of(events, small), "small");
  EXPECT_EQ(count_events<EndReceived>(events), 1U);
  EXPECT_GE(data_of(events, big).size(), 16'000U);
}

TEST(Mux, AnUrgentStreamGetsMoreOfTheLine) {
  Pair pair(large_queues(), large_queues());
  pair.greeted();
  const StreamId bulk = exchange(pair);
  const StreamId page = exchange(pair);
  pair.answerer.set_urgency(bulk, 5);
  pair.answerer.set_urgency(page, 2);
  pair.answerer.send_data(bulk, Bytes(200'000, 'b'));
  pair.answerer.send_data(page, Bytes(200'000, 'p'));
  Bytes first;
  for (int i = 0; i < 9; ++i) pair.answerer.pull(first, 16 * 1024, {});
  ASSERT_TRUE(pair.asker.receive(first, {}));
  const auto events = drain(pair.asker);
  EXPECT_GE(data_of(events, page).size(), 90'000U);
  EXPECT_GE(data_of(events, bulk).size(), 8'000U);
}

TEST(Mux, StreamsWithDataGetEqualShares) {
  Pair pair(large_queues(), large_queues());
  pair.greeted();
  std::vector<StreamId> streams;
  for (int i = 0; i < 8; ++i) streams.push_back(exchange(pair));
  for (const StreamId stream : streams) pair.answerer.send_data(stream, Bytes(128 * 1024, 'x'));
  Bytes half;
  for (int i = 0; i < 32; ++i) pair.answerer.pull(half, 16 * 1024, {});
  ASSERT_TRUE(pair.asker.receive(half, {}));
  const auto events = drain(pair.asker);
  for (const StreamId stream : streams) {
    EXPECT_NEAR(static_cast<double>(data_of(events, stream).size()), 64.0 * 1024, 17.0 * 1024);
  }
}

TEST(Mux, PullFillsTheRoomItIsGivenAndNoMore) {
  Pair pair(large_queues(), large_queues());
  pair.greeted();
  const StreamId stream = exchange(pair);
  pair.answerer.send_data(stream, Bytes(100'000, 'x'));
  for (int i = 0; i < 5; ++i) {
    Bytes bytes;
    EXPECT_LE(pair.answerer.pull(bytes, 16 * 1024, {}), 16U * 1024);
    EXPECT_GE(bytes.size(), 16U * 1024 - kMaxSlack);
  }
  Bytes least;
  EXPECT_GT(pair.answerer.pull(least, 0, {}), 0U);
}

TEST(Mux, AStalledReaderStopsItsOwnStreamOnly) {
  Limits limits;
  limits.stream_window_bytes = 1000;
  Pair pair(limits);
  pair.greeted();
  const StreamId stalled = exchange(pair);
  const StreamId lively = exchange(pair);
  pair.answerer.send_data(stalled, Bytes(5000, 's'));
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), stalled).size(), 1000U);
  for (int i = 0; i < 50; ++i) {
    pair.answerer.send_data(lively, Bytes(700, 'l'));
    pair.settle();
    EXPECT_EQ(data_of(drain(pair.asker), lively).size(), 700U);
    pair.asker.consumed(lively, 700);
  }
  pair.asker.consumed(stalled, 1000);
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), stalled).size(), 1000U);
}

TEST(Mux, ALinkWithoutCreditStillCarriesHeadsAndEnds) {
  Limits limits;
  limits.streams = 2;
  limits.link_window_bytes = 1000;
  Pair pair(limits, limits);
  pair.greeted();
  const StreamId first = exchange(pair);
  pair.answerer.send_data(first, Bytes(3000, 'x'));
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), first).size(), 250U);  // its share
  EXPECT_FALSE(pair.answerer.wants_write());
  const StreamId second = exchange(pair);
  pair.answerer.send_end(second, as_bytes("t"));
  pair.settle();
  EXPECT_EQ(count_events<EndReceived>(drain(pair.asker)), 1U);
  pair.asker.consumed(first, 200);
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), first).size(), 200U);
}

TEST(Mux, SaysWhenAFullStreamCanTakeDataAgain) {
  Limits limits;
  limits.stream_queue_bytes = 10'000;
  Pair pair(limits, limits);
  pair.greeted();
  const StreamId stream = exchange(pair);
  EXPECT_EQ(pair.answerer.sendable(stream), 10'000U);
  pair.answerer.send_data(stream, Bytes(10'000));
  EXPECT_EQ(pair.answerer.sendable(stream), 0U);
  EXPECT_EQ(count_events<StreamWritable>(drain(pair.answerer)), 0U);
  pair.settle();
  EXPECT_EQ(count_events<StreamWritable>(drain(pair.answerer)), 1U);
  EXPECT_EQ(pair.answerer.sendable(stream), 10'000U);
  pair.answerer.send_data(stream, Bytes(5'000));  // half: whoever waits now has room for as much
  pair.settle();
  EXPECT_EQ(count_events<StreamWritable>(drain(pair.answerer)), 0U);
  pair.answerer.send_data(stream, Bytes(5'001));
  pair.settle();
  EXPECT_EQ(count_events<StreamWritable>(drain(pair.answerer)), 1U);
}

TEST(Mux, AResetForgetsTheStreamAtBothEndsAndKeepsHeadsInStep) {
  Pair pair;
  pair.greeted();
  const auto first = pair.asker.open({}, browser_fields());
  ASSERT_TRUE(first);
  pair.asker.reset(*first, ResetCode::kCancelled);  // before its head was pulled
  const auto second = pair.asker.open({}, browser_fields());
  ASSERT_TRUE(second);
  pair.settle();
  const auto events = drain(pair.answerer);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(std::get<StreamReset>(events[1]).code, ResetCode::kCancelled);
  EXPECT_EQ(std::get<HeadReceived>(events[2]).stream, *second);
  EXPECT_EQ(std::get<HeadReceived>(events[2]).fields.size(), browser_fields().size());
  EXPECT_EQ(pair.answerer.open_streams(), 1U);
  // Commands for a stream that is gone do nothing.
  EXPECT_TRUE(pair.answerer.send_head(*first, {}, {}));
  pair.answerer.send_data(*first, as_bytes("x"));
  pair.answerer.send_end(*first, {});
  pair.answerer.reset(*first, ResetCode::kInternal);
  EXPECT_EQ(pair.answerer.sendable(*first), 0U);
  EXPECT_FALSE(pair.answerer.wants_write());
}

TEST(Mux, LateFramesOfAResetStreamAreIgnoredAndTheirDataCredited) {
  Limits limits;
  limits.streams = 1;
  limits.link_window_bytes = 2000;
  Pair pair(limits, limits);
  pair.greeted();
  for (int i = 0; i < 20; ++i) {
    const StreamId stream = exchange(pair);
    pair.answerer.send_data(stream, Bytes(1500, 'x'));
    pair.answerer.send_end(stream, {});
    const Bytes on_its_way = pull_all(pair.answerer);
    pair.asker.reset(stream, ResetCode::kCancelled);
    ASSERT_TRUE(pair.asker.receive(on_its_way, {}));
    EXPECT_TRUE(drain(pair.asker).empty());
    pair.settle();
    drain(pair.answerer);
  }
}

TEST(Mux, DataOfAnEndedStreamIsHeldAgainstTheLinkUntilConsumedOrReset) {
  Limits limits;
  limits.streams = 1;
  limits.link_window_bytes = 1000;
  Pair pair(limits, limits);
  pair.greeted();
  for (int i = 0; i < 10; ++i) {
    const StreamId stream = exchange(pair);
    pair.asker.send_end(stream, {});
    pair.answerer.send_data(stream, Bytes(450, 'x'));
    pair.answerer.send_end(stream, {});
    pair.settle();
    ASSERT_EQ(data_of(drain(pair.asker), stream).size(), 450U);
    EXPECT_EQ(pair.asker.open_streams(), 0U);
    EXPECT_FALSE(pair.asker.wants_write());
    if (i % 2 == 0) {
      pair.asker.consumed(stream, 200);
      pair.asker.consumed(stream, 5000);  // counts what is left, no more
      pair.asker.consumed(stream, 450);
    } else {
      pair.asker.reset(stream, ResetCode::kCancelled);
    }
    EXPECT_TRUE(pair.asker.wants_write());
  }
}

TEST(Mux, GrantsNothingToAStreamWhosePeerHasEnded) {
  Limits limits;
  limits.stream_window_bytes = 1000;
  Pair pair(limits);
  pair.greeted();
  const StreamId stream = exchange(pair);
  pair.answerer.send_data(stream, Bytes(1000, 'x'));
  pair.answerer.send_end(stream, {});
  pair.settle();
  pair.asker.consumed(stream, 1000);
  EXPECT_FALSE(pair.asker.wants_write());
}

TEST(Mux, HundredsOfSmallExchangesCostNoWindowFrame) {
  Pair pair;
  pair.greeted();
  const auto before = pair.asker.counters().frames_sent;
  for (int i = 0; i < 1000; ++i) {
    const StreamId stream = exchange(pair);
    pair.asker.send_end(stream, {});
    pair.answerer.send_data(stream, Bytes(2000, 'x'));
    pair.answerer.send_end(stream, {});
    pair.settle();
    drain(pair.asker);
    pair.asker.consumed(stream, 2000);
  }
  EXPECT_EQ(pair.asker.counters().frames_sent - before, 2000U);  // a head and an end each
}

TEST(Mux, GoingAwayRefusesWhatWasNotSeenAndFinishesTheRest) {
  Pair pair;
  pair.greeted();
  const StreamId seen = exchange(pair);
  pair.answerer.go_away("shutting down");
  pair.answerer.go_away("again");
  const auto crossing = pair.asker.open({}, browser_fields());
  ASSERT_TRUE(crossing);
  pair.settle();
  const auto events = drain(pair.asker);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(std::get<GoAwayReceived>(events[0]).last, seen);
  EXPECT_EQ(std::get<GoAwayReceived>(events[0]).reason, "shutting down");
  EXPECT_EQ(std::get<StreamReset>(events[1]).stream, *crossing);
  EXPECT_EQ(std::get<StreamReset>(events[1]).code, ResetCode::kRefused);
  EXPECT_TRUE(drain(pair.answerer).empty());
  EXPECT_TRUE(pair.asker.is_going_away() && pair.answerer.is_going_away());
  EXPECT_EQ(pair.asker.open({}, {}).error().code, Errc::kUnavailable);
  pair.answerer.send_data(seen, as_bytes("the rest"));
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), seen), "the rest");
}

// An upgrade of a listener answered 527 to uploads that had begun when its GOAWAY was still on the way.
TEST(Mux, RetiringRefusesNothingUntilTheAskerHasMovedOn) {
  Pair pair;
  pair.greeted();
  const StreamId seen = exchange(pair);
  pair.answerer.retire("handing over");
  pair.answerer.retire("again");
  const auto crossing = pair.asker.open({}, browser_fields());
  ASSERT_TRUE(crossing);
  pair.settle();
  const auto events = drain(pair.asker);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<PeerRetires>(events[0]).reason, "handing over");
  EXPECT_NE(find_event<HeadReceived>(drain(pair.answerer)), nullptr);
  EXPECT_TRUE(pair.asker.is_retiring() && pair.answerer.is_retiring());
  EXPECT_FALSE(pair.asker.is_going_away() || pair.answerer.is_going_away());

  // Still nothing else to use.
  ASSERT_TRUE(pair.asker.open({}, browser_fields()));
  pair.asker.go_away("replaced");
  pair.settle();
  EXPECT_FALSE(pair.asker.can_open());
  EXPECT_NE(find_event<HeadReceived>(drain(pair.answerer)), nullptr);
  EXPECT_TRUE(pair.answerer.is_going_away());
  EXPECT_FALSE(pair.asker.is_retiring() || pair.answerer.is_retiring());
  EXPECT_EQ(pair.answerer.open_streams(), 3U);
  pair.answerer.send_data(seen, as_bytes("the rest"));
  pair.settle();
  EXPECT_EQ(data_of(drain(pair.asker), seen), "the rest");
}

TEST(Mux, GoingAwayAfterRetiringIsFinal) {
  Pair pair;
  pair.greeted();
  pair.answerer.retire("handing over");
  pair.settle();
  pair.answerer.go_away("shutting down");
  const auto crossing = pair.asker.open({}, browser_fields());
  ASSERT_TRUE(crossing);
  pair.settle();
  const auto events = drain(pair.asker);
  EXPECT_EQ(find_event<GoAwayReceived>(events)->last, StreamId{0});
  EXPECT_EQ(find_event<StreamReset>(events)->code, ResetCode::kRefused);
}

TEST(Mux, DataAndItsTrailerShareTheLastFrameOrFollowEachOther) {
  for (const std::size_t bytes : {15'359U, 15'382U, 15'383U, 16'384U, 16'385U, 40'000U}) {
    Pair pair;
    pair.greeted();
    const StreamId stream = exchange(pair);
    pair.answerer.send_data(stream, Bytes(bytes, 'x'));
    pair.answerer.send_end(stream, Bytes(1000, 't'));
    pair.settle();
    const auto events = drain(pair.asker);
    EXPECT_EQ(data_of(events, stream).size(), bytes);
    ASSERT_NE(find_event<EndReceived>(events), nullptr);
    EXPECT_EQ(find_event<EndReceived>(events)->trailer.size(), 1000U);
    const std::size_t frames_with_trailer_apart = (bytes + 16'383) / 16'384 + 1;
    EXPECT_LE(pair.asker.counters().frames_received, 3 + frames_with_trailer_apart);  // after PING, PONG and HEAD
  }
}

TEST(Mux, OpensNoMoreStreamsThanTheAnswererAllows) {
  Limits two;
  two.streams = 2;
  Pair pair({}, two);
  pair.greeted();
  const StreamId first = exchange(pair);
  exchange(pair);
  EXPECT_FALSE(pair.asker.can_open());
  EXPECT_EQ(pair.asker.open({}, {}).error().code, Errc::kUnavailable);
  pair.asker.reset(first, ResetCode::kCancelled);
  exchange(pair);
}

TEST(Mux, OpensNothingWhileAPeerThatReadsNothingLetsHeadsPileUp) {
  Pair pair;
  pair.greeted();
  std::size_t opened = 0;
  while (pair.asker.can_open()) {
    ASSERT_TRUE(pair.asker.open(Bytes(10'000), {}));
    ++opened;
  }
  EXPECT_EQ(opened, 105U);  // of 10,000 bytes: the first that pass a mebibyte
  pull_all(pair.asker);
  EXPECT_TRUE(pair.asker.can_open());
}

TEST(Mux, GivesUpOnAPeerThatDoesNotGreet) {
  Mux mux(Role::kAsker, {}, {}, Instant{});
  EXPECT_EQ(mux.deadline(), Instant{} + 10s);
  EXPECT_TRUE(mux.on_deadline(Instant{} + 9s));
  const auto gone = mux.on_deadline(Instant{} + 10s);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::kTimeout);
  EXPECT_EQ(mux.deadline(), kNever);
}

TEST(Mux, PingsAnIdleLinkAndGivesUpOnASilentPeer) {
  Pair pair;
  pair.greeted();
  EXPECT_EQ(pair.asker.deadline(), pair.now + 15s);
  pair.now += 15s;
  ASSERT_TRUE(pair.asker.on_deadline(pair.now));
  const Bytes ping = pull_all(pair.asker, pair.now);
  EXPECT_EQ(ping.size(), 3U);
  pair.now += 80ms;
  ASSERT_TRUE(pair.answerer.receive(ping, pair.now));
  ASSERT_TRUE(pair.asker.receive(pull_all(pair.answerer, pair.now), pair.now));
  EXPECT_EQ(find_event<RoundTripMeasured>(drain(pair.asker))->time, Duration(80ms));
  EXPECT_EQ(pair.asker.round_trip(), Duration(80ms));

  pair.now = pair.asker.deadline();
  ASSERT_TRUE(pair.asker.on_deadline(pair.now));
  pull_all(pair.asker, pair.now);
  EXPECT_EQ(pair.asker.on_deadline(pair.now + 10s).error().code, Errc::kTimeout);
}

}  // namespace
}  // namespace railgun::link
