// What the cache packs when it is full, and what it keeps unpacked.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "railgund/page/cache.h"

namespace railgun::page {
namespace {

constexpr std::size_t kLimit = 4 << 20;
constexpr std::size_t kPageBytes = 90'000;

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }
// Pages of one template.
PageKeys keys(const std::string& page) { return page_keys(true, "example.com", "/news/" + page, {}, {}); }
const Id128 kSite = keys("").site;

// Half of it the template's, and half of its own, as hex digits, which packing halves.
Bytes text_of(const std::string& page) {
  static constexpr char kDigits[] = "0123456789abcdef";
  Bytes text(kPageBytes);
  auto random = static_cast<std::uint32_t>(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == kPageBytes / 2) random = static_cast<std::uint32_t>(hash64(as_bytes(page)));
    random = random * 1664525 + 1013904223;
    text[i] = static_cast<std::uint8_t>(kDigits[random >> 28]);
  }
  return text;
}

VersionPtr version(const std::string& page) {
  return std::make_shared<const Version>(name(page), text_of(page), Keep::kMemoryOnly);
}

void ask(Cache& cache, const std::string& page) {
  VersionPtr known = cache.find(name(page), kSite);
  if (known != nullptr) {
    EXPECT_EQ(to_bytes(known->reference.bytes()), text_of(page));
    cache.recount(known);
  }
  cache.insert(known ? known : version(page), keys(page));
}

TEST(Packing, KeepsMoreThanTwiceThePagesThatHaveRoomUnpacked) {
  Cache cache(kLimit);
  for (int i = 0; i < 100; ++i) {
    ask(cache, std::to_string(i));
    EXPECT_LE(cache.counters().bytes, kLimit);
  }
  EXPECT_EQ(cache.counters().versions, 100u);  // 9 MB
  EXPECT_GT(cache.counters().packed_versions, 70u);
  EXPECT_EQ(cache.counters().evictions, 0u);
  for (int i = 0; i < 100; ++i) ask(cache, std::to_string(i));
  EXPECT_EQ(cache.counters().versions, 100u);
}

TEST(Packing, PacksNothingWhileThereIsRoom) {
  Cache cache(kLimit);
  for (int i = 0; i < 40; ++i) ask(cache, std::to_string(i));
  EXPECT_EQ(cache.counters().packed_versions, 0u);
}

TEST(Packing, ChargesAnUnpackedPageOnceItIsKept) {
  Cache cache(kLimit);
  for (int i = 0; i < 100; ++i) ask(cache, std::to_string(i));
  const std::size_t packed = cache.counters().packed_versions;
  const VersionPtr used = cache.find(name("0"), kSite);
  ASSERT_FALSE(used->reference.is_unpacked());
  used->reference.bytes();
  // A use that ends in an error leaves nothing behind.
  EXPECT_FALSE(cache.find(name("0"), kSite)->reference.is_unpacked());
  EXPECT_EQ(cache.counters().packed_versions, packed);
  cache.recount(used);
  EXPECT_TRUE(cache.find(name("0"), kSite)->reference.is_unpacked());
  EXPECT_LE(cache.counters().bytes, kLimit);
}

TEST(Packing, KeepsPopularPagesUnpacked) {
  Cache cache(kLimit);
  for (int round = 0; round < 6; ++round) ask(cache, "popular");
  for (int i = 0; i < 60; ++i) ask(cache, std::to_string(i));
  EXPECT_TRUE(cache.find(name("popular"), kSite)->reference.is_unpacked());
}

TEST(Packing, KeepsWhatTheLastDeltasWereMadeAgainstPrepared) {
  Cache cache({.bytes = kLimit, .prepared_share_bytes = kLimit / 2});
  ask(cache, "sibling");
  for (int i = 0; i < 60; ++i) {
    const VersionPtr sibling = cache.find(name("sibling"), kSite);
    EXPECT_EQ(sibling->reference.is_prepared(false), i > 0);
    sibling->reference.prepare();
    cache.recount(sibling);
    ask(cache, std::to_string(i));
  }
  EXPECT_LE(cache.counters().bytes, kLimit);
}

TEST(Packing, KeepsTheSketchOfAPackedPage) {
  Cache cache(kLimit);
  for (int i = 0; i < 100; ++i) ask(cache, std::to_string(i));
  int packed = 0;
  for (int i = 0; i < 100; ++i) {
    const VersionPtr known = cache.find(name(std::to_string(i)), kSite);
    ASSERT_TRUE(known);
    if (known->reference.is_unpacked()) continue;
    ++packed;
    EXPECT_EQ(known->sketch().likeness(Sketch(text_of(std::to_string(i)))), Sketch::kPlaces);
    EXPECT_FALSE(known->reference.is_unpacked());
  }
  EXPECT_GT(packed, 70);
}

TEST(Packing, EvictsPackedVersionsToo) {
  Cache cache(kLimit);
  for (int i = 0; i < 400; ++i) {
    ask(cache, std::to_string(i));
    EXPECT_LE(cache.counters().bytes, kLimit);
  }
  EXPECT_GT(cache.counters().evictions, 100u);
  EXPECT_GT(cache.counters().versions, 100u);
  cache.clear();
  EXPECT_EQ(cache.counters().packed_versions, 0u);
  EXPECT_EQ(cache.counters().bytes, Cache(kLimit).counters().bytes);
}

TEST(Packing, GivesLargePagesUpInsteadOfPackingThem) {
  Cache cache(kLimit);
  for (int i = 0; i < 20; ++i) {
    const Bytes large(VersionPool::kMostPacked + 1, static_cast<std::uint8_t>(i));
    cache.insert(std::make_shared<const Version>(hash128(large), large, Keep::kMemoryOnly), keys(std::to_string(i)));
  }
  EXPECT_EQ(cache.counters().packed_versions, 0u);
  EXPECT_GT(cache.counters().evictions, 10u);
}

}  // namespace
}  // namespace railgun::page
