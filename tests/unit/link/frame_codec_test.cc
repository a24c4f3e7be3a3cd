#include "railgund/link/frame_codec.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

constexpr auto kData = static_cast<std::uint8_t>(FrameType::kData);
constexpr auto kPing = static_cast<std::uint8_t>(FrameType::kPing);

Errc header_error(const Bytes& bytes, std::uint32_t previous) {
  const auto decoded = decode_header(bytes, previous);
  EXPECT_FALSE(decoded);
  return decoded ? Errc::kInvalid : decoded.error().code;
}

TEST(FrameHeader, OrdinaryFramesTakeThreeBytes) {
  std::uint32_t previous = 1'000'000;
  Bytes bytes;
  encode_header({.type = kData, .flags = kFlagEnd, .stream = 1'000'001, .payload_bytes = 100}, previous, bytes);
  EXPECT_EQ(bytes, (Bytes{0x12, 0x02, 100}));
  EXPECT_EQ(previous, 1'000'001U);
  bytes.clear();
  encode_header({.type = kPing, .flags = 0, .stream = 0, .payload_bytes = 1}, previous, bytes);
  EXPECT_EQ(bytes, (Bytes{0x09, 1}));
  EXPECT_EQ(previous, 1'000'001U);
}

TEST(FrameHeader, ComesBackAtEveryEdgeAndAsksForMoreWhenCut) {
  for (const std::uint32_t before : {0U, 1U, 64U, kMaxStream}) {
    for (const std::uint32_t stream : {1U, 63U, 64U, 65U, 8192U, kMaxStream}) {
      for (const std::size_t payload : {std::size_t{0}, std::size_t{127}, std::size_t{128}, kMaxPayloadBytes}) {
        const FrameHeader header{.type = 7, .flags = 15, .stream = stream, .payload_bytes = payload};
        std::uint32_t encoder = before;
        Bytes bytes;
        encode_header(header, encoder, bytes);
        EXPECT_LE(bytes.size(), kMaxHeaderBytes);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
          std::uint32_t decoder = before;
          const auto decoded = decode_header(ByteView(bytes).first(cut), decoder);
          ASSERT_TRUE(decoded);
          EXPECT_FALSE(decoded->has_value());
          EXPECT_EQ(decoder, before);
        }
        std::uint32_t decoder = before;
        const auto decoded = decode_header(bytes, decoder);
        ASSERT_TRUE(decoded && *decoded);
        EXPECT_EQ((*decoded)->header, header);
        EXPECT_EQ((*decoded)->bytes, bytes.size());
        EXPECT_EQ(decoder, stream);
      }
    }
  }
}

TEST(FrameHeader, RefusesStreamsThatAreNoNumber) {
  EXPECT_EQ(header_error({0x02, 0x00, 0x00}, 0), Errc::kMalformed);                                // stream 0
  EXPECT_EQ(header_error({0x02, 0x01, 0x00}, 1), Errc::kMalformed);                                // 1 - 1
  EXPECT_EQ(header_error({0x02, 0x02, 0x00}, kMaxStream), Errc::kMalformed);                       // one too many
  EXPECT_EQ(header_error({0x02, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00}, 5), Errc::kMalformed);        // 35 bits
  EXPECT_EQ(header_error({0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00}, 5), Errc::kMalformed);  // six bytes
  EXPECT_EQ(header_error({0x02, 0x82, 0x00, 0x00}, 5), Errc::kMalformed);                          // padded
}

TEST(FrameHeader, RefusesPayloadsOverTheLimit) {
  EXPECT_EQ(header_error({0x09, 0x81, 0x80, 0x01}, 0), Errc::kTooLarge);        // 16,385
  EXPECT_EQ(header_error({0x09, 0xff, 0xff, 0xff, 0x01}, 0), Errc::kTooLarge);  // four bytes
  EXPECT_EQ(header_error({0x09, 0x81, 0x00}, 0), Errc::kMalformed);             // padded
}

TEST(FrameReader, GivesTheSameFramesHoweverTheInputIsCut) {
  Bytes bytes;
  std::uint32_t previous = 0;
  const Bytes payload(300, 'x');
  for (const std::uint32_t stream : {1U, 900U, 2U}) {
    encode_header({.type = kData, .flags = 0, .stream = stream, .payload_bytes = payload.size()}, previous, bytes);
    append(bytes, payload);
    encode_header({.type = kPing, .flags = 0, .stream = 0, .payload_bytes = 0}, previous, bytes);
  }
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    std::vector<std::uint32_t> streams;
    for (ByteView part : {ByteView(bytes).first(cut), ByteView(bytes).subspan(cut)}) {
      while (true) {
        const auto frame = reader.next(part);
        ASSERT_TRUE(frame);
        if (!*frame) break;
        streams.push_back((*frame)->header.stream);
        const std::size_t expected = (*frame)->header.is(FrameType::kData) ? payload.size() : 0;
        ASSERT_EQ((*frame)->payload.size(), expected);
        EXPECT_TRUE(std::ranges::all_of((*frame)->payload, [](std::uint8_t byte) { return byte == 'x'; }));
      }
      EXPECT_TRUE(part.empty());
    }
    EXPECT_EQ(streams, (std::vector<std::uint32_t>{1, 0, 900, 0, 2, 0}));
  }
}

Frame data_frame(std::uint8_t flags, ByteView payload) {
  return {.header = {.type = kData, .flags = flags, .stream = 1, .payload_bytes = payload.size()}, .payload = payload};
}

TEST(DataPayload, HasItsTrailerInFront) {
  const Bytes payload{2, 't', 'r', 'd', 'a', 't', 'a'};
  const auto decoded = decode_data(data_frame(kFlagEnd | kFlagTrailer, payload));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(as_text(decoded->trailer), "tr");
  EXPECT_EQ(as_text(decoded->data), "data");
  EXPECT_EQ(decode_data(data_frame(kFlagEnd, payload))->data.size(), 7U);
  EXPECT_TRUE(decode_data(data_frame(0, {})));
}

TEST(DataPayload, RefusesBrokenTrailersAndFlags) {
  const auto code = [](std::uint8_t flags, const Bytes& payload) {
    const auto decoded = decode_data(data_frame(flags, payload));
    return decoded ? Errc::kInvalid : decoded.error().code;
  };
  constexpr std::uint8_t kBoth = kFlagEnd | kFlagTrailer;
  EXPECT_EQ(code(kBoth, {}), Errc::kMalformed);
  EXPECT_EQ(code(kBoth, {0}), Errc::kMalformed);          // empty
  EXPECT_EQ(code(kBoth, {2, 'x'}), Errc::kMalformed);     // cut short
  EXPECT_EQ(code(kBoth, {0x81, 0x08}), Errc::kTooLarge);  // 1,025
  Bytes largest{0x80, 0x08};
  largest.resize(2 + kMaxTrailerBytes);
  EXPECT_EQ(code(kBoth, largest), Errc::kInvalid);  // is fine
  EXPECT_EQ(code(kFlagTrailer, {1, 'x'}), Errc::kMalformed);
  EXPECT_EQ(code(kFlagMore, {}), Errc::kMalformed);
  EXPECT_EQ(code(8, {}), Errc::kMalformed);
}

TEST(Number, IsAllThereIsInItsPayload) {
  EXPECT_EQ(decode_number(Bytes{0}, "PING").value(), 0U);
  EXPECT_EQ(decode_number(Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, "PING").value(), ~0ULL);
  for (const Bytes& broken : {Bytes{}, Bytes{0x80}, Bytes{1, 1}, Bytes{0x80, 0x00}}) {
    EXPECT_EQ(decode_number(broken, "PING").error().code, Errc::kMalformed);
  }
}

TEST(GoAway, ComesBackAndIsBounded) {
  const auto decoded = decode_go_away(encode_go_away({.last = kMaxStream, .reason = "shutting down\x1b[1m"}));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->last, kMaxStream);
  EXPECT_EQ(decoded->reason, "shutting down?[1m");
  EXPECT_EQ(decode_go_away(encode_go_away({.last = 0, .reason = std::string(600, 'x')}))->reason.size(), 512U);
  EXPECT_EQ(decode_go_away(Bytes{}).error().code, Errc::kMalformed);
  EXPECT_EQ(decode_go_away(Bytes{0x80}).error().code, Errc::kMalformed);
  EXPECT_EQ(decode_go_away(Bytes{0x80, 0x80, 0x80, 0x80, 0x08}).error().code, Errc::kMalformed);  // 2^31
  EXPECT_EQ(decode_go_away(Bytes(514, 1)).error().code, Errc::kTooLarge);
}

}  // namespace
}  // namespace railgun::link
