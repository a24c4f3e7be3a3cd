#include "railgund/coding/gzip_encoder.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "railgund/http/content_coding.h"

namespace railgun::coding {
namespace {

constexpr std::size_t kCacheBytes = 1 << 20;

std::shared_ptr<GzipShop> shop(std::size_t cache_bytes = kCacheBytes) {
  return std::make_shared<GzipShop>(6, cache_bytes, as_bytes("key"));
}

// Words as a page has them.
std::string words(std::size_t bytes, std::uint_fast32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < bytes) {
    for (auto letters = 2 + random() % 7; letters > 0; --letters) {
      text += static_cast<char>('a' + std::min(random() % 26, random() % 26));
    }
    text += random() % 9 == 0 ? "</p>\n<p>" : " ";
  }
  text.resize(bytes);
  return text;
}

std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, ' ');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

Bytes coded(const std::shared_ptr<GzipShop>& shop, std::string_view page, std::size_t piece = 1 << 20) {
  GzipEncoder encoder(shop);
  Bytes to;
  for (; !page.empty(); page.remove_prefix(std::min(piece, page.size()))) {
    encoder.write(as_bytes(page.substr(0, piece)), to);
  }
  encoder.finish(to);
  return to;
}

std::string decoded(ByteView gzip) {
  http::GzipDecoder decoder;
  if (!decoder.receive(gzip)) return "error";
  return std::string(as_text(decoder.take())) + (decoder.finished() ? "" : " unfinished");
}

TEST(GzipEncoder, MakesTheEmptyBody) {
  // The head of RFC 1952 2.3 without name and time, one empty final block, CRC and length zero.
  EXPECT_EQ(coded(shop(), ""), (Bytes{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(GzipEncoder, MakesEachPieceReadable) {
  const std::string page = words(70'000, 1);
  for (const std::size_t piece : {1UL, 100UL, 5000UL, 65'536UL}) {
    const auto shared = shop();
    GzipEncoder encoder(shared);
    http::GzipDecoder decoder;
    const std::size_t end = piece == 1 ? 300 : page.size();
    for (std::size_t at = 0; at < end; at += piece) {
      Bytes to;
      encoder.write(as_bytes(std::string_view(page).substr(at, piece)), to);
      ASSERT_TRUE(decoder.receive(to));
      ASSERT_EQ(as_text(decoder.take()), std::string_view(page).substr(at, piece));
    }
    Bytes last;
    encoder.finish(last);
    ASSERT_TRUE(decoder.receive(last));
    EXPECT_TRUE(decoder.finished());
  }
}

TEST(GzipEncoder, IsAsSmallAsGzipOnItsOwn) {
  const std::string page = words(100'000, 2);
  const auto shared = shop();
  const std::size_t first = coded(shared, page).size();
  const std::size_t again = coded(shared, page).size();
  EXPECT_EQ(coded(shared, page).size(), again);
  // The segments of the second answer have code tables of their own.
  EXPECT_LT(again, first + first / 50);
  EXPECT_LT(first, page.size() * 3 / 5);
}

TEST(GzipEncoder, CodesAgainOnlyWhatHasChanged) {
  std::string page = words(100'000, 3);
  const auto shared = shop();
  for (unsigned version = 0; version < 3; ++version) {
    page.replace(50'000, 16, noise(16, version));
    EXPECT_EQ(decoded(coded(shared, page)), page);
  }
  const std::size_t kept = shared->cache.size();
  EXPECT_GT(kept, 2U);
  for (unsigned version = 3; version < 20; ++version) {
    page.replace(50'000, 16, noise(16, version));
    EXPECT_EQ(decoded(coded(shared, page)), page);
    EXPECT_EQ(shared->cache.size(), kept);
  }
}

// A segment that copies from text before it must not be used where that text is another.
TEST(GzipEncoder, LooksAtTheTextThatASegmentCopiesFrom) {
  const std::string repeated = noise(3000, 4);
  const std::string between = words(9000, 5);
  const auto page = [&](unsigned version) {
    std::string first = repeated;
    first[1500] = static_cast<char>(version);
    return first + between + repeated + between;
  };
  const auto shared = shop();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(decoded(coded(shared, page(1))), page(1));
  for (unsigned version = 2; version < 6; ++version) EXPECT_EQ(decoded(coded(shared, page(version))), page(version));
  // The same text with less before it, and with none.
  EXPECT_EQ(decoded(coded(shared, page(1).substr(2000))), page(1).substr(2000));
  EXPECT_EQ(decoded(coded(shared, repeated + between)), repeated + between);
}

TEST(GzipEncoder, MakesTheSamePagesOfAnyVersionsAndPieces) {
  std::mt19937 random(6);
  std::string page = words(60'000, 7);
  for (const std::size_t cache_bytes : {0UL, 5000UL, kCacheBytes}) {
    const auto shared = shop(cache_bytes);
    for (unsigned version = 0; version < 20; ++version) {
      for (auto edits = random() % 4; edits > 0; --edits) {
        const std::size_t at = random() % page.size();
        const std::string with =
            random() % 2 == 0 ? words(random() % 50, random()) : page.substr(random() % page.size(), 3000);
        page.replace(at, random() % 2000, with);
      }
      const std::size_t piece = random() % 3 == 0 ? 1 + random() % 9000 : 65'536;
      ASSERT_EQ(decoded(coded(shared, page, piece)), page) << version;
    }
    EXPECT_LE(shared->cache.bytes(), cache_bytes);
  }
}

TEST(GzipEncoder, CodesPagesAtTheSameTime) {
  const auto shared = shop();
  const std::string one = words(80'000, 8);
  const std::string two = words(80'000, 9);
  for (int round = 0; round < 3; ++round) {
    GzipEncoder first(shared);
    GzipEncoder second(shared);
    Bytes coded_one;
    Bytes coded_two;
    for (std::size_t at = 0; at < one.size(); at += 7000) {
      first.write(as_bytes(std::string_view(one).substr(at, 7000)), coded_one);
      second.write(as_bytes(std::string_view(two).substr(at, 7000)), coded_two);
    }
    first.finish(coded_one);
    second.finish(coded_two);
    EXPECT_EQ(decoded(coded_one), one);
    EXPECT_EQ(decoded(coded_two), two);
  }
}

}  // namespace
}  // namespace railgun::coding
