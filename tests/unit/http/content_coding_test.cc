#include "railgund/http/content_coding.h"

#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

namespace railgun::http {
namespace {

// "hello" by gzip 1.12 with --no-name, and by Python's zlib.compress() and zlib.compressobj(wbits=-15).
const Bytes kGzipHello = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
                          0xc9, 0xc9, 0x07, 0x00, 0x86, 0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
const Bytes kZlibHello = {0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x06, 0x2c, 0x02, 0x15};
const Bytes kRawHello = {0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00};

Bytes gzip_of(ByteView bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes coded(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = coded.data();
  stream.avail_out = static_cast<uInt>(coded.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  coded.resize(stream.total_out);
  deflateEnd(&stream);
  return coded;
}

std::string undone(ByteView coded) {
  GzipDecoder decoder;
  if (!decoder.receive(coded)) return "error";
  return std::string(as_text(decoder.take())) + (decoder.finished() ? "" : " unfinished");
}

TEST(GzipDecoder, UndoesGzipAndBothKindsOfDeflate) {
  EXPECT_EQ(undone(kGzipHello), "hello");
  EXPECT_EQ(undone(kZlibHello), "hello");
  EXPECT_EQ(undone(kRawHello), "hello");
}

TEST(GzipDecoder, GivesTheSameWhereverTheInputIsCut) {
  for (const Bytes& coded : {kGzipHello, kZlibHello, kRawHello}) {
    for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
      GzipDecoder decoder;
      ASSERT_TRUE(decoder.receive(ByteView(coded).first(cut)));
      EXPECT_EQ(decoder.finished(), cut == 0 || cut == coded.size());
      Bytes page = decoder.take();
      ASSERT_TRUE(decoder.receive(ByteView(coded).subspan(cut)));
      append(page, decoder.take());
      EXPECT_EQ(as_text(page), "hello");
      EXPECT_TRUE(decoder.finished());
    }
  }
}

TEST(GzipDecoder, ReadsMembersInARowAndIgnoresWhatIsNone) {
  Bytes two = kGzipHello;
  append(two, kGzipHello);
  EXPECT_EQ(undone(two), "hellohello");
  append(two, Bytes{0, 0, 0});
  EXPECT_EQ(undone(two), "hellohello");
  EXPECT_EQ(undone(ByteView(two).first(two.size() - 4)), "hellohello unfinished");
}

// Found by the fuzz target: a piece of the bytes after the last member began like a member and was taken for one.
TEST(GzipDecoder, IgnoresWhatLooksLikeAMemberAfterWhatIsNone) {
  Bytes coded = kGzipHello;
  coded.push_back(0);
  GzipDecoder decoder;
  ASSERT_TRUE(decoder.receive(coded));
  ASSERT_TRUE(decoder.receive(kGzipHello));
  EXPECT_EQ(as_text(decoder.take()), "hello");
  EXPECT_TRUE(decoder.finished());
}

TEST(GzipDecoder, RefusesABrokenBody) {
  Bytes broken = kGzipHello;
  broken[10] = 0x07;  // a block of the type that there is not
  GzipDecoder decoder;
  const auto result = decoder.receive(broken);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kMalformed);
  EXPECT_TRUE(decoder.take().empty());
  EXPECT_FALSE(decoder.receive(kGzipHello));
  EXPECT_EQ(undone(as_bytes("<html> this is no gzip")), "error");
}

// Every browser shows a page whose last eight bytes are missing; one that is cut in its data is another thing.
TEST(GzipDecoder, TellsAMissingCheckFromMissingData) {
  std::string page;
  for (int i = 0; i < 300; ++i) page += "line " + std::to_string(i * i * 7) + "\n";
  for (const Bytes& coded : {kGzipHello, gzip_of(as_bytes(page)), gzip_of(as_bytes(std::string(5000, 'a')))}) {
    for (std::size_t size = 0; size < coded.size(); ++size) {
      GzipDecoder decoder;
      ASSERT_TRUE(decoder.receive(ByteView(coded).first(size)));
      EXPECT_EQ(decoder.lacks_only_its_check(), size + 8 >= coded.size()) << size << " of " << coded.size();
    }
    GzipDecoder whole;
    ASSERT_TRUE(whole.receive(coded));
    EXPECT_FALSE(whole.lacks_only_its_check());
  }
}

// An old way of PHP applications: the header of gzip, eight bytes of it, before what gzcompress() gives. The header of
// RFC 1950 stands for its last two bytes, and the check of RFC 1950 (four bytes, another sum) for the eight of gzip.
TEST(GzipDecoder, TellsAWrongCheckFromBrokenData) {
  Bytes php = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00};
  append(php, kZlibHello);
  Bytes wrong_sum = kGzipHello, wrong_length = kGzipHello, wrong_adler = kZlibHello;
  wrong_sum[18] ^= 1;
  wrong_length[22] ^= 1;
  wrong_adler[10] ^= 1;
  for (const Bytes& coded : {php, wrong_sum, wrong_length, wrong_adler}) {
    for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
      GzipDecoder decoder;
      ASSERT_TRUE(decoder.receive(ByteView(coded).first(cut)));
      Bytes page = decoder.take();
      ASSERT_TRUE(decoder.receive(ByteView(coded).subspan(cut)));
      append(page, decoder.take());
      EXPECT_EQ(as_text(page), "hello");
      EXPECT_FALSE(decoder.finished());
      EXPECT_TRUE(decoder.lacks_only_its_check());
    }
  }
  // Another member is not read any more, so that the page is not complete; anything else is no part of it.
  for (const Bytes& coded : {wrong_sum, wrong_length}) {
    Bytes more = coded;
    append(more, Bytes{0, 0x1f});
    EXPECT_EQ(undone(more), "hello unfinished");
    Bytes two = coded;
    append(two, kGzipHello);
    EXPECT_EQ(undone(two), "error");
  }
}

TEST(GzipDecoder, RefusesABodyThatGrowsTooMuch) {
  const Bytes bomb = gzip_of(Bytes(10'000'000));  // about 9,700 bytes
  GzipDecoder patient({.ratio = 1100, .free_bytes = 0});
  EXPECT_TRUE(patient.receive(bomb));
  EXPECT_EQ(patient.take().size(), 10'000'000U);
  GzipDecoder strict({.ratio = 300, .free_bytes = 1'000'000});
  const auto result = strict.receive(bomb);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kTooLarge);
  GzipDecoder bounded({.most_bytes = 9'999'999});
  EXPECT_FALSE(bounded.receive(bomb));
  GzipDecoder just_enough({.most_bytes = 10'000'000});
  EXPECT_TRUE(just_enough.receive(bomb));
}

}  // namespace
}  // namespace railgun::http
