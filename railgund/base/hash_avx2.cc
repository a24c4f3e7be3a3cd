// Compiled with -mavx2: so nothing is included whose inline functions other files share, only xxhash's, which are
// static here.
#ifdef __x86_64__
#define XXH_INLINE_ALL
#include "railgund/base/hash_avx2.h"

#include <xxhash.h>

namespace railgun {

std::uint64_t hash64_avx2(const std::uint8_t* bytes, std::size_t count, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, count, seed);
}

Halves hash128_avx2(const std::uint8_t* bytes, std::size_t count) {
  const XXH128_hash_t hash = XXH3_128bits(bytes, count);
  return {hash.low64, hash.high64};
}

}  // namespace railgun
#endif
