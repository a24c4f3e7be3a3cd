#include "railgund/base/hash.h"

#include <algorithm>

#include <xxhash.h>

#include "railgund/base/cpu.h"
#include "railgund/base/text.h"
#include "railgund/base/wide_hash.h"

namespace railgun {
namespace {

Id128 to_id(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  Id128 id;
  std::copy_n(canonical.digest, id.bytes.size(), id.bytes.begin());
  return id;
}

// Null: the CPU has none of the vectors.
const WideHash* wide_hash() {
#ifdef __x86_64__
  if (has_avx512()) return &kAvx512Hash;
  if (has_avx2()) return &kAvx2Hash;
#endif
  return nullptr;
}

}  // namespace

std::string to_hex(const Id128& id) { return to_hex(ByteView(id.bytes)); }

std::optional<Id128> id128_from(ByteView sixteen_bytes) {
  Id128 id;
  if (sixteen_bytes.size() != id.bytes.size()) return std::nullopt;
  std::copy(sixteen_bytes.begin(), sixteen_bytes.end(), id.bytes.begin());
  return id;
}

std::uint64_t hash64(ByteView bytes, std::uint64_t seed) {
  if (const WideHash* wide = wide_hash()) return wide->hash64(bytes.data(), bytes.size(), seed);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Id128 hash128(ByteView bytes) { return to_id(XXH3_128bits(bytes.data(), bytes.size())); }

KeyedHash::KeyedHash(ByteView key) {
  // Twelve blocks of sixteen bytes: the hash of the key and the block's number.
  Bytes block(key.begin(), key.end());
  block.push_back(0);
  for (std::size_t i = 0; i < secret_.size() / 16; ++i) {
    block.back() = static_cast<std::uint8_t>(i);
    const Id128 part = hash128(block);
    std::copy(part.bytes.begin(), part.bytes.end(), secret_.begin() + static_cast<std::ptrdiff_t>(16 * i));
  }
}

Id128 KeyedHash::operator()(ByteView bytes) const {
  if (const WideHash* wide = wide_hash()) {
    const auto [low, high] = wide->keyed128(bytes.data(), bytes.size(), secret_.data(), secret_.size());
    return to_id({.low64 = low, .high64 = high});
  }
  return to_id(XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size()));
}

}  // namespace railgun
