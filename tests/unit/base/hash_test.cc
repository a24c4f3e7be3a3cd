#include "railgund/base/hash.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include "railgund/base/cpu.h"
#include "railgund/base/text.h"
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
    ASSERT_EQ(hash64(ByteView(page).first(size), 7), XXH3_64bits_withSeed(page.data(), size, 7));
  }
}

#ifdef __x86_64__
TEST(Hash, IsTheSameByAllVectorsOfThisCpu) {
  const Bytes page = some_bytes();
  const Bytes secret(page.begin() + 1000, page.begin() + 1192);
  const auto check = [&](const WideHash& hash) {
    for (std::size_t size = 0; size <= page.size(); size += 1 + size / 7) {
      ASSERT_EQ(hash.hash64(page.data(), size, 7), XXH3_64bits_withSeed(page.data(), size, 7));
      const XXH128_hash_t expected = XXH3_128bits_withSecret(page.data(), size, secret.data(), secret.size());
      const auto [low, high] = hash.keyed128(page.data(), size, secret.data(), secret.size());
      ASSERT_TRUE(low == expected.low64 && high == expected.high64);
    }
  };
  if (has_avx2()) check(kAvx2Hash);
  if (has_avx512()) check(kAvx512Hash);
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
