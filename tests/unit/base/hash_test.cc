#include "railgund/base/hash.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "railgund/base/wide_hash.h"

namespace railgun {
namespace {

TEST(Hash, MatchesThePublishedValuesOfXxh3) {
  // xxHash's sanity values for the empty input and seed 0.
  EXPECT_EQ(hash64({}), 0x2d06800538d394c2ULL);
  EXPECT_EQ(to_hex(hash128({})), "99aa06d3014798d86001c324468d497f");
}

Bytes some_bytes() {
  Bytes bytes;
  for (std::uint32_t i = 0; i < 5000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i >> 5));
  return bytes;
}

TEST(Hash, IsThatOfTheLibrary) {
  const Bytes page = some_bytes();
  for (std::size_t size = 0; size <= page.size(); size += 1 + size / 7) {
    const ByteView bytes = ByteView(page).first(size);
    ASSERT_EQ(hash64(bytes, 7), XXH3_64bits_withSeed(bytes.data(), size, 7));
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes.data(), size));
    ASSERT_TRUE(std::ranges::equal(hash128(bytes).bytes, digest.digest));
  }
}

#ifdef __x86_64__
TEST(Hash, IsTheSameByAllVectorsOfThisCpu) {
  const Bytes page = some_bytes();
  const auto check = [&](const WideHash& hash) {
    for (std::size_t size = 0; size <= page.size(); size += 1 + size / 7) {
      ASSERT_EQ(hash.hash64(page.data(), size, 7), XXH3_64bits_withSeed(page.data(), size, 7));
      const XXH128_hash_t expected = XXH3_128bits(page.data(), size);
      const auto [low, high] = hash.hash128(page.data(), size);
      ASSERT_TRUE(low == expected.low64 && high == expected.high64);
    }
  };
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) check(kAvx2Hash);
  if (__builtin_cpu_supports("avx512f")) check(kAvx512Hash);
}
#endif

TEST(KeyedHash, DependsOnTheKeyAndOnEveryByte) {
  const Bytes key_a(32, 1);
  const Bytes key_b(32, 2);
  Bytes page(1000, 'x');
  const Id128 id = KeyedHash(key_a)(page);
  EXPECT_EQ(id, KeyedHash(key_a)(page));
  EXPECT_NE(id, KeyedHash(key_b)(page));
  page[999] = 'y';
  EXPECT_NE(id, KeyedHash(key_a)(page));
}

TEST(Id128, ComesBackFromSixteenBytesOnly) {
  const Bytes sixteen(16, 7);
  EXPECT_EQ(to_hex(*id128_from(sixteen)), "07070707070707070707070707070707");
  EXPECT_FALSE(id128_from(ByteView(sixteen).first(15)));
}

}  // namespace
}  // namespace railgun
