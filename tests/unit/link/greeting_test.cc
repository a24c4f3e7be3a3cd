#include "railgund/link/greeting.h"

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

Greeting example() {
  Greeting greeting;
  greeting.role = Role::kAnswerer;
  greeting.streams = 1000;
  greeting.stream_window_bytes = 256 * 1024;
  greeting.link_window_bytes = kMaxAnnounced;
  greeting.head_bytes = 1;
  greeting.payload = to_bytes(as_bytes("payload"));
  return greeting;
}

Error error_of(ByteView bytes) {
  auto decoded = decode_greeting(bytes);
  EXPECT_FALSE(decoded);
  return decoded ? Error{} : decoded.error();
}

// A greeting of this body, with the length it has.
Bytes with_body(const Bytes& body, std::uint8_t lowest = 1, std::uint8_t highest = 1) {
  Bytes bytes = to_bytes(as_bytes("RAILGUN\n"));
  ByteWriter out(bytes);
  out.u8(lowest);
  out.u8(highest);
  out.u16(static_cast<std::uint16_t>(body.size()));
  out.bytes(body);
  return bytes;
}

// A peer of before there were features sends none, and skips ours.
TEST(Greeting, SaysItsFeaturesBehindThePayload) {
  Greeting greeting = example();
  const std::size_t without = encode_greeting(greeting).size();
  greeting.features = kFeatureTrailers | 64;
  const Bytes bytes = encode_greeting(greeting);
  EXPECT_EQ(bytes.size(), without + 1);
  const auto decoded = decode_greeting(bytes);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->greeting.features, kFeatureTrailers | 64);
}

TEST(Greeting, ComesBackAndAsksForMoreWhenCut) {
  const Bytes bytes = encode_greeting(example());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto decoded = decode_greeting(ByteView(bytes).first(cut));
    ASSERT_TRUE(decoded) << cut;
    EXPECT_FALSE(decoded->has_value());
  }
  const auto decoded = decode_greeting(bytes);
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->greeting, example());
  EXPECT_EQ((*decoded)->bytes, bytes.size());
}

TEST(Greeting, KnowsAStrangerAtTheFirstByteThatDiffers) {
  EXPECT_EQ(error_of(as_bytes("G")).text, "not a Railgun peer (got \"G\")");
  EXPECT_EQ(error_of(as_bytes("RAILROAD")).code, Errc::kMalformed);
  EXPECT_EQ(error_of(as_bytes("GET / HTTP/1.1\r\nHost: example.com\r\n")).text,
            "not a Railgun peer (got \"GET / HTTP/1.1??Host: ex\")");
}

TEST(Greeting, RefusesVersionsItDoesNotShareBeforeItReadsOn) {
  const Bytes later = with_body({0xff}, 3, 9);
  EXPECT_EQ(error_of(ByteView(later).first(12)).code, Errc::kUnsupported);
  EXPECT_EQ(error_of(later).text, "the peer speaks link protocol 3 to 9, this end 1 to 2: update the older of the two");
  EXPECT_EQ(error_of(with_body({}, 0, 0)).code, Errc::kUnsupported);
  EXPECT_EQ(error_of(with_body({}, 2, 1)).code, Errc::kMalformed);
}

TEST(Greeting, SkipsWhatLaterVersionsAppend) {
  Bytes body{0, 0, 1, 1, 1, 0};
  append(body, as_bytes("news"));
  const auto decoded = decode_greeting(with_body(body, 1, 200));
  ASSERT_TRUE(decoded && *decoded);
  EXPECT_EQ((*decoded)->greeting.highest_version, 200);
  EXPECT_EQ((*decoded)->bytes, 22U);
}

TEST(Greeting, RefusesNumbersOutOfRange) {
  EXPECT_EQ(error_of(with_body({2, 0, 1, 1, 1, 0})).code, Errc::kMalformed);  // role
  EXPECT_EQ(error_of(with_body({0, 0, 0, 1, 1, 0})).code, Errc::kMalformed);  // no stream window
  EXPECT_EQ(error_of(with_body({0, 0, 1, 0, 1, 0})).code, Errc::kMalformed);  // no link window
  EXPECT_EQ(error_of(with_body({0, 0, 1, 1, 0, 0})).code, Errc::kMalformed);  // no heads
  EXPECT_EQ(error_of(with_body({0, 0x80, 0x80, 0x80, 0x80, 0x08, 1, 1, 1, 0})).code, Errc::kMalformed);  // 2^31 streams
  EXPECT_EQ(error_of(with_body({0, 0, 1, 1, 1, 1})).code, Errc::kMalformed);          // payload cut short
  EXPECT_EQ(error_of(with_body({0, 0, 1, 1, 1, 0x81, 0x08})).code, Errc::kTooLarge);  // payload of 1,025
  EXPECT_EQ(error_of(with_body({})).code, Errc::kMalformed);
  EXPECT_EQ(error_of(with_body(Bytes(2049, 0))).code, Errc::kTooLarge);
}

TEST(Greeting, TellsAnAskersProcess) {
  Greeting greeting = example();
  greeting.role = Role::kAsker;
  greeting.features = kFeatureContent;
  greeting.process = {.number = 5, .rules = UINT64_MAX};
  const Bytes bytes = encode_greeting(greeting);
  EXPECT_EQ((*decode_greeting(bytes))->greeting, greeting);
  // Features that are not known, and a process without any.
  greeting.features = 1u << 20;
  EXPECT_EQ((*decode_greeting(encode_greeting(greeting)))->greeting, greeting);
  greeting.features = 0;
  EXPECT_EQ((*decode_greeting(encode_greeting(greeting)))->greeting, greeting);
}

TEST(Greeting, IsRefusedWhenItsProcessIsCut) {
  const Bytes body{0, 0, 1, 1, 1, 0};
  for (const Bytes& later : {Bytes{0x80}, Bytes{2, 0x80}, Bytes{2, 1}, Bytes{2, 1, 0x80}}) {
    Bytes cut = body;
    append(cut, later);
    EXPECT_EQ(error_of(with_body(cut)).code, Errc::kMalformed);
  }
}

}  // namespace
}  // namespace railgun::link
