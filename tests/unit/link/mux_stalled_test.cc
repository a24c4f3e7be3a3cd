// Readers that stand still or trickle, and peers that give no credit: whatever their number, other streams go on, and
// what is held stays within the windows.
#include <map>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

using namespace std::chrono_literals;

// A pair of ends, and what each holds of the streams' data because nobody took it.
class Readers {
 public:
  explicit Readers(Limits limits = {}) : pair_(limits, limits) { pair_.greeted(); }

  StreamId open(bool answers = true) {
    const auto stream = pair_.asker.open({}, {});
    EXPECT_TRUE(stream);
    pair_.settle();
    if (answers) {
      EXPECT_TRUE(pair_.answerer.send_head(*stream, {}, {}));
    }
    settle();
    return *stream;
  }
  // Carries what can be carried; all of it is held.
  void settle() {
    for (bool moved = true; moved;) {
      pair_.settle();
      moved = take(pair_.asker) | take(pair_.answerer);
    }
  }
  // Sends all that the stream's queue takes.
  static void fill(Mux& from, StreamId stream) { from.send_data(stream, Bytes(from.sendable(stream), 'x')); }
  // Whether `bytes` more arrive at `to` on the stream, when its reader takes them as they come.
  bool carries(Mux& from, Mux& to, StreamId stream, std::size_t bytes) {
    std::size_t queued = 0, taken = 0;
    while (taken < bytes) {
      const std::size_t count = std::min(from.sendable(stream), bytes - queued);
      from.send_data(stream, Bytes(count, 'y'));
      queued += count;
      settle();
      const std::size_t come = held(to)[stream];
      if (come == 0) return false;
      to.consumed(stream, come);
      held(to)[stream] = 0;
      taken += come;
    }
    return true;
  }
  std::map<StreamId, std::size_t>& held(const Mux& end) { return &end == &pair_.asker ? asker_held_ : answerer_held_; }
  std::size_t held_bytes(const Mux& end) {
    const auto& all = held(end);
    return std::accumulate(all.begin(), all.end(), std::size_t{0},
                           [](std::size_t sum, const auto& each) { return sum + each.second; });
  }
  Pair& pair() { return pair_; }

 private:
  bool take(Mux& end) {
    bool any = false;
    while (auto event = end.poll()) {
      any = true;
      if (const auto* data = std::get_if<DataReceived>(&*event)) held(end)[data->stream] += data->data.size();
    }
    return any;
  }

  Pair pair_;
  std::map<StreamId, std::size_t> asker_held_, answerer_held_;
};

// Thousands of megabytes are not needed to show it: the proportions are those of the defaults.
Limits small() {
  Limits limits;
  limits.streams = 4000;
  limits.stream_window_bytes = 8 * 1024;
  limits.link_window_bytes = 1024 * 1024;
  limits.stream_queue_bytes = 16 * 1024;
  limits.link_queue_bytes = 64 * 1024 * 1024;
  return limits;
}

TEST(StalledStreams, AThousandSilentReadersDoNotStopAnother) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  for (int silent = 0; silent < 1000; ++silent) {
    const StreamId stream = readers.open();
    Readers::fill(answerer, stream);
    readers.settle();
    EXPECT_GT(readers.held(asker)[stream], 0U);
    if (silent % 50 != 0) continue;
    const StreamId lively = readers.open();
    ASSERT_TRUE(readers.carries(answerer, asker, lively, 50'000)) << "with " << silent;
    answerer.send_end(lively, {});
    asker.send_end(lively, {});
    readers.settle();
  }
  EXPECT_LE(readers.held_bytes(asker), small().link_window_bytes);
}

TEST(StalledStreams, UploadsThatNobodyReadsDoNotStopAnother) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  for (int silent = 0; silent < 1000; ++silent) {
    Readers::fill(asker, readers.open());
    readers.settle();
  }
  EXPECT_TRUE(readers.carries(asker, answerer, readers.open(), 50'000));
  EXPECT_LE(readers.held_bytes(answerer), small().link_window_bytes);
}

TEST(StalledStreams, EndedOnesThatAreStillHeldCountAsOpen) {
  Limits limits = small();
  limits.streams = 50;
  Readers readers(limits);
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  std::vector<StreamId> silent;
  for (int i = 0; i < 49; ++i) {
    silent.push_back(readers.open());
    answerer.send_data(silent.back(), Bytes(2000, 'x'));
    answerer.send_end(silent.back(), {});
    asker.send_end(silent.back(), {});
    readers.settle();
  }
  EXPECT_EQ(asker.open_streams(), 0U);
  EXPECT_TRUE(readers.carries(answerer, asker, readers.open(), 50'000));
  EXPECT_FALSE(asker.can_open());
  asker.consumed(silent[0], 2000);
  EXPECT_TRUE(asker.can_open());
}

TEST(StalledStreams, ReadersThatTrickleDoNotStopAnother) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  std::vector<StreamId> slow;
  for (int i = 0; i < 300; ++i) slow.push_back(readers.open());
  const StreamId lively = readers.open();
  for (int round = 0; round < 30; ++round) {
    for (const StreamId stream : slow) Readers::fill(answerer, stream);
    readers.settle();
    for (const StreamId stream : slow) {
      const std::size_t count = std::min<std::size_t>(20, readers.held(asker)[stream]);
      asker.consumed(stream, count);
      readers.held(asker)[stream] -= count;
    }
    ASSERT_TRUE(readers.carries(answerer, asker, lively, 20'000)) << "round " << round;
  }
}

TEST(StalledStreams, AllGoOnOnceTheirReadersDo) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  std::vector<StreamId> streams;
  for (int i = 0; i < 400; ++i) {
    streams.push_back(readers.open());
    Readers::fill(answerer, streams.back());
  }
  readers.settle();
  std::map<StreamId, std::size_t> taken;
  for (bool moved = true; moved;) {
    moved = false;
    for (const StreamId stream : streams) {
      const std::size_t count = std::exchange(readers.held(asker)[stream], 0);
      asker.consumed(stream, count);
      taken[stream] += count;
      moved = moved || count > 0;
    }
    readers.settle();
  }
  for (const StreamId stream : streams) EXPECT_EQ(taken[stream], small().stream_queue_bytes);
}

TEST(StalledStreams, AreResetWhenNoCreditComesInTime) {
  Readers readers(small());
  Mux& answerer = readers.pair().answerer;
  const StreamId stalled = readers.open();
  const StreamId idle = readers.open();  // has nothing to send, so nothing is missing
  Readers::fill(answerer, stalled);
  readers.settle();
  Instant& now = readers.pair().now;
  const Instant start = now;
  std::vector<Event> events;
  while (now < start + 90s && events.empty()) {
    now = std::min(now + 1s, start + 90s);
    ASSERT_TRUE(answerer.receive(pull_all(readers.pair().asker, now), now));
    ASSERT_TRUE(answerer.on_deadline(now));
    ASSERT_TRUE(readers.pair().asker.receive(pull_all(answerer, now), now));
    for (Event& event : drain(answerer)) {
      if (std::holds_alternative<StreamReset>(event)) events.push_back(std::move(event));
    }
  }
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::get<StreamReset>(events[0]).stream, stalled);
  EXPECT_EQ(std::get<StreamReset>(events[0]).code, ResetCode::kTimeout);
  EXPECT_GE(now - start, 60s);
  EXPECT_EQ(find_event<StreamReset>(drain(readers.pair().asker))->code, ResetCode::kTimeout);
  EXPECT_EQ(answerer.open_streams(), 1U);
  EXPECT_GT(answerer.sendable(idle), 0U);
}

TEST(StalledStreams, AReaderThatTakesSomethingNowAndThenIsNotReset) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  const StreamId slow = readers.open();
  Readers::fill(answerer, slow);
  readers.settle();
  for (int i = 0; i < 10; ++i) {
    readers.pair().now += 20s;
    ASSERT_TRUE(asker.on_deadline(readers.pair().now));
    ASSERT_TRUE(answerer.on_deadline(readers.pair().now));
    const std::size_t count = readers.held(asker)[slow];
    asker.consumed(slow, count);
    readers.held(asker)[slow] = 0;
    Readers::fill(answerer, slow);
    readers.settle();
  }
  EXPECT_EQ(answerer.open_streams(), 1U);
}

TEST(StalledStreams, AreResetWhenTheirReadersTrickle) {
  Readers readers(small());
  Mux& asker = readers.pair().asker;
  Mux& answerer = readers.pair().answerer;
  const StreamId slow = readers.open();
  Readers::fill(answerer, slow);
  readers.settle();
  const Instant start = readers.pair().now;
  for (int round = 1; answerer.open_streams() > 0 && readers.pair().now < start + 300s; ++round) {
    readers.pair().now += 5s;
    ASSERT_TRUE(asker.on_deadline(readers.pair().now));
    ASSERT_TRUE(answerer.on_deadline(readers.pair().now));
    // 4 KiB in 45 s.
    if (round % 9 == 0) {
      const std::size_t count = readers.held(asker)[slow] / 2 + 1;
      asker.consumed(slow, count);
      readers.held(asker)[slow] -= count;
    }
    Readers::fill(answerer, slow);
    readers.settle();
  }
  EXPECT_EQ(answerer.open_streams(), 0U);
  EXPECT_GE(readers.pair().now - start, 60s);
  EXPECT_LE(readers.pair().now - start, 150s);
}

TEST(StalledStreams, OfAPeerThatReadsNothingHoldNoMoreThanTheQueueOfTheLink) {
  Limits limits = small();
  limits.streams = 100;
  limits.link_queue_bytes = 64 * 1024;
  Readers readers(limits);
  Mux& answerer = readers.pair().answerer;
  std::vector<StreamId> streams;
  for (int i = 0; i < 100; ++i) streams.push_back(readers.open());
  std::size_t queued = 0;
  for (int round = 0; round < 3; ++round) {
    for (const StreamId stream : streams) {
      const std::size_t room = answerer.sendable(stream);
      EXPECT_TRUE(room > 0 || round > 0) << "each has its least share";
      answerer.send_data(stream, Bytes(room, 'x'));
      queued += room;
    }
  }
  EXPECT_LE(queued, limits.link_queue_bytes);
  // Once it reads, each that was refused is told that it may go on.
  EXPECT_EQ(answerer.sendable(streams[99]), 0U);
  Bytes sent;
  answerer.pull(sent, SIZE_MAX, readers.pair().now);
  bool is_told = false;
  for (const Event& event : drain(answerer)) {
    const auto* writable = std::get_if<StreamWritable>(&event);
    is_told = is_told || (writable != nullptr && writable->stream == streams[99]);
  }
  EXPECT_TRUE(is_told);
  EXPECT_GT(answerer.sendable(streams[99]), 0U);
}

// Visitors who leave cause resets; an honest peer that carries many of them is not to be cut off.
TEST(VisitorsResets, AreNotHeldAgainstThePeer) {
  Readers readers;
  Mux& asker = readers.pair().asker;
  for (int i = 0; i < 30'000; ++i) {
    asker.reset(readers.open(false), ResetCode::kCancelled);
    readers.settle();
    if (i % 500 == 499) readers.pair().now += 100ms;  // 5,000 a second
  }
  EXPECT_FALSE(asker.is_going_away());
  EXPECT_EQ(readers.pair().answerer.open_streams(), 0U);
}

}  // namespace
}  // namespace railgun::link
