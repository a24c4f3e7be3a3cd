// Two muxes under a random schedule: whatever the order of sends, cuts, resets and credits, both ends agree.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "railgund/base/byte_queue.h"
#include "railgund/link/frame_codec.h"

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

// What one end sends on a stream: a pattern that follows from the stream's number and the place in it.
std::uint8_t pattern(StreamId stream, std::size_t at) {
  return static_cast<std::uint8_t>(static_cast<std::uint32_t>(stream) * 31 + at * 7);
}

struct Direction {
  std::size_t to_send = 0, sent = 0, received = 0, consumed = 0;
  bool head_sent = false, head_received = false, ended = false, end_received = false;
};

struct End {
  explicit End(Mux& its_mux) : mux(its_mux) {}
  Mux& mux;
  std::map<StreamId, Direction> out, in;  // streams that neither end has reset
  ByteQueue wire;                         // on its way from here
};

class Schedule {
 public:
  explicit Schedule(unsigned seed)
      : random_(seed), pair_(limits(), limits()), ends_{End(pair_.asker), End(pair_.answerer)} {}

  void run() {
    pair_.greeted();
    for (int step = 0; step < 3000; ++step) act(ends_[below(2)]);
    finishing_ = true;
    for (int step = 0; step < 200'000 && !is_over(); ++step) {
      for (End& end : ends_) act(end);
    }
    for (End& end : ends_) take_events(end);
    for (End& end : ends_) {
      for (const auto& [stream, in] : end.in) {
        EXPECT_TRUE(in.end_received) << "stream " << static_cast<std::uint32_t>(stream);
        EXPECT_EQ(in.received, other(end).out.at(stream).to_send);
      }
    }
    EXPECT_EQ(pair_.asker.open_streams(), 0U);
    EXPECT_EQ(pair_.answerer.open_streams(), 0U);
    EXPECT_GT(ended_, 20U);
  }

 private:
  static Limits limits() {
    Limits limits;
    limits.streams = 20;
    limits.stream_window_bytes = 3000;
    limits.link_window_bytes = 20'000;
    limits.stream_queue_bytes = 5000;
    return limits;
  }

  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
  End& other(End& end) { return &end == &ends_[0] ? ends_[1] : ends_[0]; }
  bool is_over() {
    for (End& end : ends_) {
      if (!end.wire.empty() || end.mux.wants_write() || end.mux.open_streams() > 0) return false;
    }
    return true;
  }

  void act(End& end) {
    switch (below(finishing_ ? 4 : 6)) {
      case 0:
        return move_bytes(end);
      case 1:
        return take_events(end);
      case 2:
        return send_something(end);
      case 3:
        return consume_something(end);
      case 4:
        return open(end);
      default:
        if (below(20) == 0) reset(end);
    }
  }

  void move_bytes(End& end) {
    Bytes pulled;
    end.mux.pull(pulled, below(6000), {});
    end.wire.append(pulled);
    Bytes arriving;
    end.wire.take(arriving, 1 + below(6000));
    if (!arriving.empty()) {
      const auto received = other(end).mux.receive(arriving, {});
      ASSERT_TRUE(received) << received.error().text;
    }
  }

  void open(End& end) {
    if (&end != &ends_[0] || !end.mux.can_open()) return;
    const auto stream = end.mux.open({}, {{"n", std::to_string(below(9))}});
    ASSERT_TRUE(stream);
    end.out[*stream] = {.to_send = below(4) == 0 ? 0 : below(40'000), .head_sent = true};
    end.in[*stream] = {};
  }

  void reset(End& end) {
    if (end.out.empty()) return;
    auto chosen = end.out.begin();
    std::advance(chosen, below(end.out.size()));
    const StreamId stream = chosen->first;
    end.mux.reset(stream, ResetCode::kCancelled);
    forget(stream);
  }

  // What one end has reset the other may have ended meanwhile: neither has to be complete.
  void forget(StreamId stream) {
    for (End& end : ends_) {
      if (const auto in = end.in.find(stream); in != end.in.end()) {
        // Held data of a stream that had ended already at this end is still owed.
        end.mux.reset(stream, ResetCode::kCancelled);
      }
      end.out.erase(stream);
      end.in.erase(stream);
    }
  }

  void send_something(End& end) {
    for (auto& [stream, out] : end.out) {
      if (out.ended) continue;
      if (!out.head_sent) {
        ASSERT_TRUE(end.mux.send_head(stream, {}, {{"answer", "yes"}}));
        out.head_sent = true;
      }
      const std::size_t count = std::min({out.to_send - out.sent, end.mux.sendable(stream), 1 + below(4000)});
      Bytes data(count);
      for (std::size_t i = 0; i < count; ++i) data[i] = pattern(stream, out.sent + i);
      end.mux.send_data(stream, data);
      out.sent += count;
      if (out.sent == out.to_send && below(2) == 0) {
        end.mux.send_end(stream, Bytes(below(3) * 500, 't'));
        out.ended = true;
      }
    }
  }

  void take_events(End& end) {
    while (const auto event = end.mux.poll()) {
      if (const auto* head = std::get_if<HeadReceived>(&*event)) {
        if (&end == &ends_[1] && ends_[0].in.contains(head->stream)) {
          end.in[head->stream] = {};
          end.out[head->stream] = {.to_send = below(4) == 0 ? 0 : below(40'000)};
        }
        if (end.in.contains(head->stream)) end.in[head->stream].head_received = true;
      } else if (const auto* data = std::get_if<DataReceived>(&*event)) {
        const auto in = end.in.find(data->stream);
        if (in == end.in.end()) continue;
        EXPECT_TRUE(in->second.head_received && !in->second.end_received);
        for (const std::uint8_t byte : data->data) ASSERT_EQ(byte, pattern(data->stream, in->second.received++));
        EXPECT_LE(in->second.received - in->second.consumed, limits().stream_window_bytes);
      } else if (const auto* ended = std::get_if<EndReceived>(&*event)) {
        const auto in = end.in.find(ended->stream);
        if (in == end.in.end()) continue;
        in->second.end_received = true;
        ++ended_;
        EXPECT_EQ(in->second.received, other(end).out.at(ended->stream).to_send);
      } else if (const auto* gone = std::get_if<StreamReset>(&*event)) {
        EXPECT_FALSE(end.in.contains(gone->stream));
      }
    }
  }

  void consume_something(End& end) {
    for (auto& [stream, in] : end.in) {
      const std::size_t held = in.received - in.consumed;
      const std::size_t count = finishing_ ? held : below(held + 1);
      if (count == 0) continue;
      end.mux.consumed(stream, count);
      in.consumed += count;
    }
  }

  std::mt19937 random_;
  Pair pair_;
  End ends_[2];
  std::size_t ended_ = 0;
  bool finishing_ = false;
};

class MuxRandom : public testing::TestWithParam<unsigned> {};
TEST_P(MuxRandom, BothEndsAgreeUnderAnySchedule) { Schedule(GetParam()).run(); }
INSTANTIATE_TEST_SUITE_P(Seeds, MuxRandom, testing::Range(1U, 31U));

std::string described(const Event& event) {
  return std::visit(
      [](const auto& happened) -> std::string {
        using T = std::decay_t<decltype(happened)>;
        std::string text;
        if constexpr (requires { happened.stream; }) {
          text = std::to_string(static_cast<std::uint32_t>(happened.stream)) + ' ';
        }
        if constexpr (std::is_same_v<T, HeadReceived>) {
          text += "head " + std::string(as_text(happened.prelude));
          for (const Field& field : happened.fields) text += ' ' + field.name + '=' + field.value;
        } else if constexpr (std::is_same_v<T, DataReceived>) {
          text += "data " + std::string(as_text(happened.data));
        } else if constexpr (std::is_same_v<T, EndReceived>) {
          text += "end " + std::string(as_text(happened.trailer));
        } else if constexpr (std::is_same_v<T, StreamReset>) {
          text += "reset " + std::to_string(static_cast<int>(happened.code));
        } else if constexpr (std::is_same_v<T, GoAwayReceived>) {
          text += "goaway " + happened.reason;
        } else {
          text += "other " + std::to_string(Event(happened).index());
        }
        return text;
      },
      event);
}

TEST(Mux, GivesTheSameEventsHoweverItsInputIsCut) {
  Mux asker(Role::kAsker, {}, as_bytes("hi"), {});
  Mux greeter(Role::kAnswerer, {}, {}, {});
  ASSERT_TRUE(asker.receive(pull_all(greeter), {}));
  for (int i = 0; i < 3; ++i) {
    const auto stream = asker.open(as_bytes("GET"), {{"Cookie", "a=b; c=d"}, {"Host", "x"}});
    ASSERT_TRUE(stream);
    asker.send_data(*stream, as_bytes("first piece"));
    if (i == 1) asker.reset(*stream, ResetCode::kTimeout);
    asker.send_end(*stream, as_bytes("trailer"));
  }
  asker.go_away("enough");
  const Bytes bytes = pull_all(asker);

  const auto events_of = [&](std::size_t cut, std::size_t then) {
    Mux mux(Role::kAnswerer, {}, {}, {});
    ByteView rest = bytes;
    while (!rest.empty()) {
      const std::size_t count = std::min(cut, rest.size());
      EXPECT_TRUE(mux.receive(rest.first(count), {}));
      rest = rest.subspan(count);
      cut = then;
    }
    std::vector<std::string> events;
    for (const Event& event : drain(mux)) events.push_back(described(event));
    return events;
  };
  const auto whole = events_of(bytes.size(), 1);
  EXPECT_EQ(whole.size(), 10U);  // hello, three heads, two of data, two ends, a reset, a goaway
  EXPECT_EQ(events_of(1, 1), whole);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) ASSERT_EQ(events_of(cut, bytes.size()), whole) << cut;
}

}  // namespace
}  // namespace railgun::link
