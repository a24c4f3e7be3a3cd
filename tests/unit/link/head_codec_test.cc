#include "railgund/link/head_codec.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "railgund/base/text.h"

#include "tests/unit/link/pair.h"

namespace railgun::link {
namespace {

constexpr std::size_t kRoomy = 64 * 1024;

Fields lowered(Fields fields) {
  for (Field& field : fields) field.name = lower_ascii(field.name);
  return fields;
}

// An encoder and the decoder at the other end.
struct Heads {
  std::size_t send(const Fields& fields) {
    Bytes block;
    EXPECT_TRUE(encoder.encode(fields, block));
    const auto decoded = decoder.decode(block, kRoomy);
    EXPECT_EQ(decoded.value_or(Fields{}), lowered(fields));
    return block.size();
  }
  HeadEncoder encoder;
  HeadDecoder decoder;
};

std::string date_at(int second) {
  const std::string two = std::to_string(100 + second % 60).substr(1);
  const std::string minutes = std::to_string(100 + second / 60 % 60).substr(1);
  return "Sun, 22 Nov 2026 21:" + minutes + ":" + two + " GMT";
}

// Issue: "a repeated GET with usual browser headers and one cookie costs at most 60 bytes of stream payload, its
// answer's head at most 60." The prelude of the layer above is what is left of the 60.
TEST(HeadCodec, RepeatedBrowserRequestFitsInTwentyBytes) {
  Heads heads;
  EXPECT_GT(heads.send(browser_fields()), 200U);
  const std::size_t again = heads.send(browser_fields());
  EXPECT_LE(again, 20U);
  RecordProperty("repeated_request_bytes", static_cast<int>(again));
}

TEST(HeadCodec, AnswerWithNewDateAndLengthFitsInFiftyBytes) {
  Heads heads;
  heads.send(answer_fields(date_at(0), "92516"));
  const std::size_t again = heads.send(answer_fields(date_at(7), "92478"));
  EXPECT_LE(again, 50U);
  RecordProperty("repeated_answer_bytes", static_cast<int>(again));
  EXPECT_LE(heads.send(answer_fields(date_at(7), "92478")), 50U);
  EXPECT_LE(heads.send(answer_fields(date_at(7), "92478")), 20U);  // a busy second: the date has repeated
}

// A day of one request a second, each with a new date, length and request id, and a crawler's new cookie.
TEST(HeadCodec, ValuesThatNeverRepeatDoNotPushOutThoseThatDo) {
  Heads heads;
  heads.send(browser_fields());
  for (int i = 0; i < 5000; ++i) {
    heads.send({{"Date", date_at(i) + std::to_string(i)},
                {"X-Request-Id", "id-" + std::to_string(1000003LL * i)},
                {"Cookie", "visitor=" + std::to_string(7919LL * i) + "; tracker=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}});
  }
  EXPECT_LE(heads.send(browser_fields()), 60U);
}

TEST(HeadCodec, ManyVisitorsEachKeepTheirCookieCheap) {
  Heads heads;
  std::vector<Fields> visitors;
  for (int i = 0; i < 100; ++i) {
    visitors.push_back(browser_fields());
    set_field(visitors.back(), "Cookie",
              "session=" + std::to_string(1000003LL * i * i) + "-6f9d0c6e1b0f4a63; theme=dark");
  }
  for (int round = 0; round < 2; ++round) {
    for (const Fields& fields : visitors) heads.send(fields);
  }
  for (const Fields& fields : visitors) EXPECT_LE(heads.send(fields), 30U);
}

TEST(HeadCodec, CarriesAnyBytesAndAnyNumberOfFields) {
  Heads heads;
  heads.send({});
  heads.send({{"a", ""}, {"a", ""}, {"b", std::string("\0\r\n\xff", 4)}});
  Fields many(kMaxHeadFields, Field{"n", "v"});
  heads.send(many);
  many.push_back({"n", "v"});
  Bytes block;
  EXPECT_EQ(heads.encoder.encode(many, block).error().code, Errc::kTooLarge);
  EXPECT_TRUE(block.empty());
  heads.send({{"still", "in step"}});
}

TEST(HeadCodec, CarriesTheLargestValueAndRefusesOneByteMore) {
  Heads heads;
  Bytes block;
  ASSERT_TRUE(heads.encoder.encode({{"v", std::string(kMaxHeadTextBytes, '\x01')}}, block));
  const auto decoded = heads.decoder.decode(block, kMaxHeadTextBytes + 1);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->front().value.size(), kMaxHeadTextBytes);
  EXPECT_EQ(heads.encoder.encode({{"v", std::string(kMaxHeadTextBytes + 1, 'x')}}, block).error().code,
            Errc::kTooLarge);
  EXPECT_EQ(heads.encoder.encode({{"", "x"}}, block).error().code, Errc::kInvalid);
}

TEST(HeadCodec, BoundsWhatItDecodesTo) {
  HeadEncoder encoder;
  Bytes block;
  ASSERT_TRUE(encoder.encode({{"ab", "cdef"}, {"g", "hi"}}, block));
  EXPECT_TRUE(HeadDecoder().decode(block, 9));
  EXPECT_EQ(HeadDecoder().decode(block, 8).error().code, Errc::kTooLarge);
}

// A short block that names one long field over and over.
TEST(HeadCodec, RefusesABlockThatGrowsWithoutEnd) {
  HeadEncoder encoder;
  Bytes block;
  ASSERT_TRUE(encoder.encode({{"long", std::string(16 * 1024, 'x')}}, block));
  block.insert(block.end(), 2000, 0x80 | 62);
  EXPECT_EQ(HeadDecoder().decode(block, kRoomy).error().code, Errc::kTooLarge);
  Bytes tiny_fields(kMaxHeadFields + 1, 0x80 | 2);  // ":method: GET" of the static table
  EXPECT_EQ(HeadDecoder().decode(tiny_fields, kRoomy).error().code, Errc::kTooLarge);
}

TEST(HeadCodec, RefusesWhatIsNoHpack) {
  EXPECT_EQ(HeadDecoder().decode(Bytes{0x80}, kRoomy).error().code, Errc::kMalformed);        // index 0
  EXPECT_EQ(HeadDecoder().decode(Bytes{0xff, 0x7f}, kRoomy).error().code, Errc::kMalformed);  // no such entry
  EXPECT_EQ(HeadDecoder().decode(Bytes{0x00, 0x01, 'A', 0x00}, kRoomy).error().code, Errc::kMalformed);   // upper case
  EXPECT_EQ(HeadDecoder().decode(Bytes{0x00, 0x00, 0x00}, kRoomy).error().code, Errc::kMalformed);        // no name
  EXPECT_EQ(HeadDecoder().decode(Bytes{0x3f, 0xe2, 0xff, 0x03}, kRoomy).error().code, Errc::kMalformed);  // table 65537
  EXPECT_TRUE(HeadDecoder().decode(Bytes{0x3f, 0xe1, 0xff, 0x03}, kRoomy));                               // table 65536
}

TEST(HeadCodec, RefusesABlockCutInsideAField) {
  HeadEncoder encoder;
  Bytes block;
  ASSERT_TRUE(encoder.encode({{"name", "value"}}, block));
  const std::size_t table_size = 4;  // a block of its own
  for (std::size_t cut = table_size + 1; cut < block.size(); ++cut) {
    EXPECT_EQ(HeadDecoder().decode(ByteView(block).first(cut), kRoomy).error().code, Errc::kMalformed) << cut;
  }
}

}  // namespace
}  // namespace railgun::link
