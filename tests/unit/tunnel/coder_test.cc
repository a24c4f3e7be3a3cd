#include "railgund/tunnel/coder.h"

#include <algorithm>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "railgund/base/hash.h"

namespace railgun::tunnel {
namespace {

using std::chrono::seconds;

constexpr std::size_t kRoom = 1 << 20;

std::string message(int number) {
  return R"({"type":"tick","symbol":"ACME","price":)" + std::to_string(100 + number % 7) + R"(.25,"volume":)" +
         std::to_string(number * 37 % 1000) + R"(,"time":)" + std::to_string(1795991211829 + number * 137) + "}";
}

Bytes random_bytes(std::size_t count, std::uint32_t seed) {
  Bytes bytes(count);
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(seed >> 24);
  }
  return bytes;
}

// A client's text frame of RFC 6455.
Bytes client_frame(const std::string& text, std::uint32_t key_seed) {
  const Bytes key = random_bytes(4, key_seed);
  Bytes frame{0x81, 0xfe, static_cast<std::uint8_t>(text.size() >> 8), static_cast<std::uint8_t>(text.size())};
  append(frame, key);
  for (std::size_t i = 0; i < text.size(); ++i) frame.push_back(static_cast<std::uint8_t>(text[i]) ^ key[i % 4]);
  return frame;
}

// Both ends of a direction.
struct Direction {
  explicit Direction(bool is_websocket = false) : encoder(is_websocket), decoder(is_websocket) {}

  // What the chunk of a piece takes on the link. The other end gets the piece at once.
  std::size_t pass(ByteView piece) {
    Bytes coded;
    encoder.encode(piece, now, may_begin, coded);
    EXPECT_LE(coded.size(), piece.size() + kMostAddedBytes);
    Bytes back;
    EXPECT_EQ(decoder.decode(coded, kRoom, back).value(), coded.size());
    EXPECT_EQ(back, to_bytes(piece));
    EXPECT_TRUE(decoder.is_between_chunks());
    EXPECT_EQ(decoder.held_bytes(), 0U);
    EXPECT_EQ(encoder.has_context(), decoder.has_context());
    return coded.size();
  }
  std::size_t pass(const std::string& text) { return pass(as_bytes(text)); }

  Encoder encoder;
  Decoder decoder;
  Instant now{};
  bool may_begin = true;
};

TEST(TunnelCoder, MakesMessagesSmallThatAreLikeThoseBefore) {
  Direction direction;
  for (int i = 0; i < 20; ++i) direction.pass(message(i));
  std::size_t plain = 0, coded = 0;
  for (int i = 20; i < 120; ++i) {
    plain += message(i).size();
    coded += direction.pass(message(i));
  }
  EXPECT_LT(coded * 4, plain);
}

TEST(TunnelCoder, KeepsBothDirectionsOfTheSameTextApart) {
  Direction one, other;
  for (int i = 0; i < 20; ++i) one.pass(message(i));
  // Nothing is known here of what crossed there.
  EXPECT_GE(other.pass(message(20)), message(20).size());
  EXPECT_FALSE(other.encoder.has_context());
}

TEST(TunnelCoder, RemovesTheMasksOfClientsAndPutsThemBack) {
  Direction direction(true);
  for (std::uint32_t i = 0; i < 20; ++i) direction.pass(client_frame(message(static_cast<int>(i)), i + 1));
  std::size_t plain = 0, coded = 0;
  for (std::uint32_t i = 20; i < 120; ++i) {
    const Bytes frame = client_frame(message(static_cast<int>(i)), i + 1);
    plain += frame.size();
    coded += direction.pass(frame);
  }
  EXPECT_LT(coded * 3, plain);
  // A tunnel that says it is a WebSocket and carries something else.
  for (std::uint32_t i = 0; i < 50; ++i) direction.pass(random_bytes(i * 7 + 1, i));
}

TEST(TunnelCoder, HasNoContextBeforeThereIsEnough) {
  Direction direction;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(direction.pass(std::string(100, 'a')), 102U);
  EXPECT_FALSE(direction.encoder.has_context());
  EXPECT_EQ(direction.encoder.deadline(), kNever);
  // Too slowly.
  direction.now += seconds(31);
  direction.pass(std::string(500, 'a'));
  EXPECT_FALSE(direction.encoder.has_context());
  direction.pass(std::string(100, 'a'));
  EXPECT_TRUE(direction.encoder.has_context());
}

TEST(TunnelCoder, HasNoContextWithoutRoomForIt) {
  Direction direction;
  direction.may_begin = false;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(direction.pass(std::string(100, 'a')), 102U);
  direction.may_begin = true;
  direction.pass(std::string(100, 'a'));
  EXPECT_LT(direction.pass(std::string(100, 'a')), 20U);
}

TEST(TunnelCoder, GivesUpTheContextOfATunnelThatIsIdle) {
  Direction direction;
  direction.pass(std::string(1000, 'a'));
  ASSERT_TRUE(direction.encoder.has_context());
  Bytes coded, back;
  direction.now = direction.encoder.deadline();
  // It was used in this period, and is not in the next.
  direction.encoder.on_deadline(direction.now, coded);
  EXPECT_TRUE(direction.encoder.has_context() && coded.empty());
  direction.encoder.on_deadline(direction.now, coded);
  direction.pass(std::string(100, 'a'));
  direction.now = direction.encoder.deadline();
  direction.encoder.on_deadline(direction.now, coded);
  EXPECT_FALSE(direction.encoder.has_context());
  EXPECT_EQ(coded.size(), 1U);
  EXPECT_TRUE(direction.decoder.decode(coded, kRoom, back));
  EXPECT_FALSE(direction.decoder.has_context());
  // Later it begins anew.
  for (int i = 0; i < 20; ++i) direction.pass(message(i));
  EXPECT_TRUE(direction.encoder.has_context());
}

TEST(TunnelCoder, PassesWhatCannotBeMadeSmallerAsItIs) {
  Direction direction;
  std::size_t plain = 0, coded = 0, pieces = 0, with_context = 0;
  for (std::uint32_t i = 0; plain < (1 << 20); ++i, ++pieces) {
    const Bytes piece = random_bytes(1000, i);
    plain += piece.size();
    coded += direction.pass(piece);
    with_context += direction.encoder.has_context() ? 1 : 0;
  }
  // Two bytes for each piece, and a few more while it was tried.
  EXPECT_LT(coded, plain + 3 * pieces);
  EXPECT_LT(with_context * 10, pieces);
  // Text that follows is coded again before long.
  std::size_t text = 0;
  for (int i = 0; i < 40'000 && !direction.encoder.has_context(); ++i) text += direction.pass(message(i));
  EXPECT_LE(text, std::size_t{1} << 21);
  for (std::uint32_t i = 1; i < 20; ++i) direction.pass(random_bytes(kMostPieceBytes, i));
}

TEST(TunnelCoder, GivesTheSameHoweverTheLinkSplitsIt) {
  Encoder encoder(true);
  Bytes coded, expected;
  for (std::uint32_t i = 0; i < 60; ++i) {
    const Bytes frame = client_frame(message(static_cast<int>(i)), i);
    append(expected, frame);
    encoder.encode(frame, Instant{}, true, coded);
  }
  for (std::size_t step = 1; step < 80; step += 3) {
    Decoder decoder(true);
    Bytes back;
    for (std::size_t at = 0; at < coded.size(); at += step) {
      const ByteView part = ByteView(coded).subspan(at, std::min(step, coded.size() - at));
      EXPECT_EQ(decoder.decode(part, kRoom, back).value(), part.size());
    }
    EXPECT_EQ(back, expected) << step;
    EXPECT_TRUE(decoder.is_between_chunks());
  }
}

TEST(TunnelCoder, StopsWhenThereIsNoMoreRoom) {
  Encoder encoder(false);
  Bytes coded;
  for (int i = 0; i < 200; ++i) encoder.encode(as_bytes(std::string(kMostPieceBytes, 'a')), Instant{}, true, coded);
  // A chunk of 16 KB takes some thirty bytes: what is made of the rest stays with the link until there is room.
  Decoder decoder(false);
  std::size_t all = 0;
  for (ByteView rest = coded; !rest.empty();) {
    Bytes back;
    const std::size_t used = decoder.decode(rest, 1000, back).value();
    EXPECT_GT(used, 0U);
    EXPECT_LE(back.size(), 1000 + kMostPieceBytes);
    rest = rest.subspan(used);
    all += back.size();
  }
  EXPECT_EQ(all, 200 * kMostPieceBytes);
}

std::optional<Errc> error_of(const Bytes& coded) {
  Decoder decoder(false);
  Bytes back;
  const auto result = decoder.decode(coded, kRoom, back);
  return result ? std::nullopt : std::optional(result.error().code);
}

// Kind 0 is plain, 1 coded, 2 the end of a context.
TEST(TunnelCoder, IsWrittenAsTheProtocolSays) {
  Direction direction;
  Bytes coded;
  direction.encoder.encode(as_bytes("Hi"), Instant{}, true, coded);
  EXPECT_EQ(coded, (Bytes{0x08, 'H', 'i'}));
  // Raw deflate of "aaaaaaaaaa" by fixed codes, without the end of its flush; the check is the last byte of XXH3-64.
  Decoder decoder(false);
  Bytes back;
  const auto check = static_cast<std::uint8_t>(hash64(as_bytes("aaaaaaaaaa")));
  EXPECT_TRUE(decoder.decode(Bytes{0x19, check, 0x4a, 0x4c, 0x84, 0x01, 0x00}, kRoom, back));
  EXPECT_EQ(as_text(back), "aaaaaaaaaa");
}

TEST(TunnelCoder, RefusesWhatIsMalformed) {
  EXPECT_EQ(error_of({0x00}), Errc::kMalformed);                          // a plain chunk of nothing
  EXPECT_EQ(error_of({0x03}), Errc::kMalformed);                          // an unknown kind
  EXPECT_EQ(error_of({0x02}), Errc::kMalformed);                          // the end of a context that there is not
  EXPECT_EQ(error_of({0x05, 0x00}), Errc::kMalformed);                    // a coded chunk of a check alone
  EXPECT_EQ(error_of({0x80, 0x00}), Errc::kMalformed);                    // not the shortest form
  EXPECT_EQ(error_of({0x84, 0x80, 0x04}), Errc::kMalformed);              // one byte more than a piece
  EXPECT_EQ(error_of({0x80, 0x80, 0x80, 0x01}), Errc::kMalformed);        // a head of four bytes
  EXPECT_EQ(error_of({0x11, 0x00, 0xff, 0xff, 0xff}), Errc::kMalformed);  // no deflate
  EXPECT_EQ(error_of({0x0d, 0x00, 0x03, 0x00}), Errc::kMalformed);        // a deflate stream that ends
  EXPECT_EQ(error_of({0x19, 0x00, 0x4a, 0x4c, 0x84, 0x01, 0x00}), Errc::kDenied);  // a wrong check
}

TEST(TunnelCoder, RefusesAChunkThatBecomesTooLarge) {
  Encoder encoder(false);
  Bytes coded;
  // Two chunks of 16 KB as one: their deflate data, with the end of the first flush between.
  encoder.encode(as_bytes(std::string(kMostPieceBytes, 'a')), Instant{}, true, coded);
  const std::size_t first = coded.size();
  encoder.encode(as_bytes(std::string(kMostPieceBytes, 'a')), Instant{}, true, coded);
  ASSERT_LT(first, 60U);  // so that heads are one byte
  Bytes data(coded.begin() + 2, coded.begin() + static_cast<std::ptrdiff_t>(first));
  append(data, Bytes{0x00, 0x00, 0xff, 0xff});
  data.insert(data.end(), coded.begin() + static_cast<std::ptrdiff_t>(first) + 2, coded.end());
  Bytes bomb;
  ByteWriter(bomb).varint((data.size() + 1) << 2 | 1);
  bomb.push_back(0);
  append(bomb, data);
  EXPECT_EQ(error_of(bomb), Errc::kMalformed);
}

}  // namespace
}  // namespace railgun::tunnel
