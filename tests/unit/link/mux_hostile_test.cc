// Peers that break the rules: the link ends with an error that says which, and the peer is told.
#include <gtest/gtest.h>

#include "railgund/link/frame_codec.h"
#include "railgund/link/greeting.h"
#include "railgund/link/head_codec.h"

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

using namespace std::chrono_literals;

// A peer that sends what it is told to.
class Peer {
 public:
  explicit Peer(Role its_role) : role_(its_role) {
    Greeting greeting;
    greeting.role = its_role;
    greeting.streams = 100;
    greeting.stream_window_bytes = 1000;
    greeting.link_window_bytes = 5000;
    greeting.head_bytes = 1000;
    bytes_ = encode_greeting(greeting);
  }

  Peer& frame(FrameType type, std::uint8_t flags, std::uint32_t stream, ByteView payload = {}) {
    return raw(static_cast<std::uint8_t>(type), flags, stream, payload);
  }
  Peer& raw(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, ByteView payload = {}) {
    encode_header({.type = type, .flags = flags, .stream = stream, .payload_bytes = payload.size()}, previous_, bytes_);
    append(bytes_, payload);
    return *this;
  }
  Peer& number(FrameType type, std::uint32_t stream, std::uint64_t value) {
    Bytes payload;
    ByteWriter(payload).varint(value);
    return frame(type, 0, stream, payload);
  }
  Peer& head(std::uint32_t stream, std::uint8_t flags = 0) { return frame(FrameType::kHead, flags, stream, Bytes{0}); }

  // Hands all of it to `mux` at once.
  Result<void> tell(Mux& mux, Instant now = {}) {
    const Bytes bytes = std::exchange(bytes_, {});
    return mux.receive(bytes, now);
  }
  // The error that a new mux of ours ends with.
  Error error() {
    Mux mux(role_ == Role::kAsker ? Role::kAnswerer : Role::kAsker, {}, {}, {});
    auto told = tell(mux);
    EXPECT_FALSE(told);
    return told ? Error{} : told.error();
  }

 private:
  Role role_;
  Bytes bytes_;
  std::uint32_t previous_ = 0;
};

TEST(MuxHostile, EndsTheLinkForTrailersOutOfPlace) {
  const auto of = [](Peer peer) { return peer.error().text; };
  EXPECT_EQ(of(Peer(Role::kAsker).head(1, kFlagTrailer)), "trailers on stream 1, which was never opened");
  const std::string placed = "trailers before the head, after the end, or twice on stream 1";
  EXPECT_EQ(of(Peer(Role::kAsker).head(1).head(1, kFlagTrailer).head(1, kFlagTrailer)), placed);
  EXPECT_EQ(of(Peer(Role::kAsker).head(1, kFlagEnd).head(1, kFlagTrailer)), placed);
  EXPECT_EQ(of(Peer(Role::kAsker).head(1).frame(FrameType::kHead, kFlagTrailer, 1, Bytes{1, 7})),
            "trailers with a prelude on stream 1");
  EXPECT_EQ(of(Peer(Role::kAsker).head(1).head(2, kFlagMore).head(2, kFlagTrailer)),
            "HEAD: broken off by trailers on stream 2");
  EXPECT_EQ(of(Peer(Role::kAsker).head(1, kFlagTrailer | kFlagEnd)), "HEAD: flags 5");
}

TEST(HostilePeer, IsToldWhyTheLinkEnds) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  auto told = Peer(Role::kAsker).frame(FrameType::kData, 0, 7).tell(mux);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, Errc::kMalformed);
  EXPECT_EQ(told.error().text, "frame on stream 7, which was never opened");
  EXPECT_TRUE(mux.is_going_away());
  EXPECT_EQ(mux.deadline(), kNever);
  EXPECT_FALSE(mux.receive(as_bytes("x"), {}));  // and it stays so

  Mux other(Role::kAsker, {}, {}, {});
  ASSERT_TRUE(other.receive(pull_all(mux), {}));
  EXPECT_FALSE(mux.wants_write());
  const auto events = drain(other);
  ASSERT_NE(find_event<GoAwayReceived>(events), nullptr);
  EXPECT_EQ(find_event<GoAwayReceived>(events)->reason, "frame on stream 7, which was never opened");
}

TEST(HostilePeer, ThatIsNoneOfOursIsKnownByItsFirstByte) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  EXPECT_EQ(mux.receive(as_bytes("GET / HTTP/1.1\r\n"), {}).error().text,
            "not a Railgun peer (got \"GET / HTTP/1.1??\")");
}

TEST(HostilePeer, OfTheSameRoleIsRefused) {
  Mux mux(Role::kAsker, {}, {}, {});
  EXPECT_EQ(Peer(Role::kAsker).tell(mux).error().code, Errc::kUnsupported);
}

TEST(HostilePeer, BreaksTheOrderOfAStream) {
  EXPECT_EQ(Peer(Role::kAsker).head(2).error().text, "HEAD on stream 2, where 1 is next");
  EXPECT_EQ(Peer(Role::kAsker).head(1).head(1).error().text, "HEAD on stream 1, where 2 is next");
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagEnd).frame(FrameType::kData, 0, 1, Bytes{1}).error().text,
            "DATA: after the end on stream 1");
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagEnd).frame(FrameType::kData, kFlagEnd, 1).error().code, Errc::kMalformed);
  EXPECT_EQ(Peer(Role::kAnswerer).head(1).error().text, "HEAD on stream 1, which was never opened");
}

TEST(HostilePeer, AnswersBeforeTheHeadOrTwice) {
  for (const bool twice : {false, true}) {
    Mux mux(Role::kAsker, {}, {}, {});
    Peer peer(Role::kAnswerer);
    ASSERT_TRUE(peer.tell(mux));
    ASSERT_TRUE(mux.open({}, {}));
    if (twice) {
      EXPECT_EQ(peer.head(1).head(1).tell(mux).error().text, "HEAD: a second one on stream 1");
    } else {
      EXPECT_EQ(peer.frame(FrameType::kData, 0, 1, Bytes{1}).tell(mux).error().text,
                "DATA: before the head on stream 1");
    }
  }
}

TEST(HostilePeer, SendsInterimHeadsThatItMustNot) {
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagInterim).error().text, "HEAD: flags 8");
  for (const unsigned before : {0U, Mux::kMostInterimHeads}) {
    Mux mux(Role::kAsker, {}, {}, {});
    Peer peer(Role::kAnswerer);
    ASSERT_TRUE(peer.tell(mux));
    ASSERT_TRUE(mux.open({}, {}));
    for (unsigned i = 0; i < before; ++i) peer.head(1, kFlagInterim);
    ASSERT_TRUE(peer.tell(mux));
    if (before == 0) {
      EXPECT_EQ(peer.head(1).head(1, kFlagInterim).tell(mux).error().text, "HEAD: a second one on stream 1");
    } else {
      EXPECT_EQ(peer.head(1, kFlagInterim).tell(mux).error().text, "HEAD: too many interim ones on stream 1");
    }
  }
}

TEST(HostilePeer, BreaksAHead) {
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagMore).frame(FrameType::kData, 0, 1).error().code, Errc::kMalformed);
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagMore).head(2).error().code, Errc::kMalformed);
  EXPECT_EQ(Peer(Role::kAsker).head(1, kFlagMore).number(FrameType::kPing, 0, 1).error().text,
            "HEAD: broken off by another frame on stream 1");
  EXPECT_EQ(Peer(Role::kAsker).frame(FrameType::kHead, 0, 1).error().code, Errc::kMalformed);  // no prelude
  EXPECT_EQ(Peer(Role::kAsker).frame(FrameType::kHead, 0, 1, Bytes{2, 'x'}).error().code, Errc::kMalformed);  // cut
  EXPECT_EQ(Peer(Role::kAsker).frame(FrameType::kHead, 0, 1, Bytes{0x81, 0x80, 0x04}).error().code, Errc::kTooLarge);
  EXPECT_EQ(Peer(Role::kAsker).frame(FrameType::kHead, 0, 1, Bytes{0, 0x80}).error().code, Errc::kMalformed);  // HPACK
}

TEST(HostilePeer, SendsAHeadWithoutEnd) {
  Peer peer(Role::kAsker);
  const Bytes piece(kMaxPayloadBytes, 'x');
  for (int i = 0; i < 6; ++i) peer.frame(FrameType::kHead, kFlagMore, 1, piece);
  EXPECT_EQ(peer.error().code, Errc::kTooLarge);
  Peer crumbs(Role::kAsker);
  for (int i = 0; i < 102; ++i) crumbs.frame(FrameType::kHead, kFlagMore, 1);
  EXPECT_EQ(crumbs.error().text, "the peer sends too many empty frames");
}

TEST(HostilePeer, SendsDataOverItsCredit) {
  Limits limits;
  limits.stream_window_bytes = 1000;
  limits.link_window_bytes = 1500;
  {
    Mux mux(Role::kAnswerer, limits, {}, {});
    Peer peer(Role::kAsker);
    ASSERT_TRUE(peer.head(1).frame(FrameType::kData, 0, 1, Bytes(1000)).tell(mux));
    EXPECT_EQ(peer.frame(FrameType::kData, 0, 1, Bytes(1)).tell(mux).error().text, "DATA: over the credit on stream 1");
  }
  Mux mux(Role::kAnswerer, limits, {}, {});
  Peer peer(Role::kAsker);
  ASSERT_TRUE(peer.head(1).head(2).frame(FrameType::kData, 0, 1, Bytes(1000)).tell(mux));
  ASSERT_TRUE(peer.frame(FrameType::kData, 0, 2, Bytes(500)).tell(mux));
  EXPECT_EQ(peer.frame(FrameType::kData, 0, 2, Bytes(1)).tell(mux).error().text, "DATA: over the credit of the link");
}

TEST(HostilePeer, GrantsNothingOrTooMuch) {
  EXPECT_EQ(Peer(Role::kAsker).number(FrameType::kLinkWindow, 0, 1).error().code, Errc::kMalformed);
  EXPECT_EQ(Peer(Role::kAsker).head(1).number(FrameType::kStreamWindow, 1, 0).error().code, Errc::kMalformed);
  EXPECT_EQ(Peer(Role::kAsker).head(1).number(FrameType::kStreamWindow, 1, ~0ULL).error().code, Errc::kMalformed);
}

TEST(HostilePeer, MayNotRepeatCheapFramesTooOften) {
  const auto text_after = [](int times, auto&& send) {
    Peer peer(Role::kAsker);
    peer.head(1);
    for (int i = 0; i < times; ++i) send(peer, i);
    return peer.error().text;
  };
  EXPECT_EQ(text_after(21, [](Peer& peer, int) { peer.number(FrameType::kPing, 0, 1); }),
            "the peer sends too many pings");
  EXPECT_EQ(text_after(21, [](Peer& peer, int) { peer.number(FrameType::kPong, 0, 1); }),
            "the peer sends too many pings");
  EXPECT_EQ(text_after(21, [](Peer& peer, int) { peer.frame(FrameType::kGoAway, 0, 0, Bytes{0}); }),
            "the peer sends too many pings");
  EXPECT_EQ(text_after(101, [](Peer& peer, int) { peer.raw(5, 0, 1); }),
            "the peer sends too many frames of unknown types");
  EXPECT_EQ(text_after(101, [](Peer& peer, int) { peer.raw(15, 0, 0); }),
            "the peer sends too many frames of unknown types");
  EXPECT_EQ(text_after(101, [](Peer& peer, int) { peer.frame(FrameType::kData, 0, 1); }),
            "the peer sends too many empty frames");
  EXPECT_EQ(text_after(20'001,
                       [](Peer& peer, int i) {
                         peer.number(FrameType::kReset, 1 + static_cast<std::uint32_t>(i), 1);
                         peer.head(2 + static_cast<std::uint32_t>(i));
                       }),
            "the peer sends too many resets");
  EXPECT_EQ(text_after(20'001,
                       [](Peer& peer, int i) {
                         if (i == 0) peer.number(FrameType::kReset, 1, 1);
                         peer.number(FrameType::kStreamWindow, 1, 1);
                       }),
            "the peer sends too many frames for closed streams");
}

TEST(HostilePeer, MayPingNowAndThenForEver) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  Peer peer(Role::kAsker);
  Instant now{};
  for (int i = 0; i < 1000; ++i, now += 500ms) ASSERT_TRUE(peer.number(FrameType::kPing, 0, 5).tell(mux, now));
}

TEST(HostilePeer, MayNotOpenMoreStreamsThanItWasTold) {
  Limits limits;
  limits.streams = 2;
  Mux mux(Role::kAnswerer, limits, {}, {});
  Peer peer(Role::kAsker);
  ASSERT_TRUE(peer.head(1).head(2).tell(mux));
  EXPECT_EQ(peer.head(3).tell(mux).error().code, Errc::kUnavailable);
}

TEST(HostilePeer, MayNotGoOnOpeningAfterGoAway) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  Peer peer(Role::kAsker);
  ASSERT_TRUE(peer.head(1).tell(mux));
  mux.go_away("shutting down");
  for (std::uint32_t id = 2; id < 20'002; ++id) ASSERT_TRUE(peer.head(id).tell(mux));
  EXPECT_EQ(mux.open_streams(), 1U);
  EXPECT_EQ(peer.head(20'002).tell(mux).error().code, Errc::kUnavailable);
}

// Four bytes on the wire that make a head of 60 KiB, again and again.
TEST(HostilePeer, CannotFillMemoryWithHeadsFromItsTable) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  Peer peer(Role::kAsker);
  HeadEncoder encoder;
  const Fields fields{{"bomb", std::string(60'000, 'x')}};
  Result<void> told;
  for (std::uint32_t id = 1; id <= 1000 && told; ++id) {
    Bytes head{0};
    ASSERT_TRUE(encoder.encode(fields, head));
    ByteView rest = head;
    for (; rest.size() > kMaxPayloadBytes; rest = rest.subspan(kMaxPayloadBytes)) {
      peer.frame(FrameType::kHead, kFlagMore, id, rest.first(kMaxPayloadBytes));
    }
    peer.frame(FrameType::kHead, 0, id, rest);
    told = peer.tell(mux);
  }
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().text, "the peer sends too many heads at once");
  EXPECT_LE(drain(mux).size(), 300U);
}

TEST(UnknownFrames, AreSkipped) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  Peer peer(Role::kAsker);
  ASSERT_TRUE(peer.raw(5, 15, 900, Bytes(300)).raw(15, 3, 0, Bytes(5)).raw(0, 0, 3).head(1).tell(mux));
  EXPECT_EQ(count_events<HeadReceived>(drain(mux)), 1U);
}

TEST(UnknownResetCodes, AreFailuresOfThePeer) {
  Mux mux(Role::kAnswerer, {}, {}, {});
  ASSERT_TRUE(Peer(Role::kAsker).head(1).number(FrameType::kReset, 1, 99).tell(mux));
  const auto events = drain(mux);
  ASSERT_NE(find_event<StreamReset>(events), nullptr);
  EXPECT_EQ(find_event<StreamReset>(events)->code, ResetCode::kInternal);
}

}  // namespace
}  // namespace railgun::link
