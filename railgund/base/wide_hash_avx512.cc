// Compiled for CPUs with AVX-512: so nothing is included whose inline functions other files share, only xxHash's,
// which are static here.
#ifdef __x86_64__
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "railgund/base/wide_hash.h"

namespace railgun {

constinit const WideHash kAvx512Hash = {
    .hash64 = [](const std::uint8_t* bytes, std::size_t count, std::uint64_t seed) -> std::uint64_t {
      return XXH3_64bits_withSeed(bytes, count, seed);
    },
    .hash128 = [](const std::uint8_t* bytes, std::size_t count) -> WideHash::Halves {
      const XXH128_hash_t hash = XXH3_128bits(bytes, count);
      return {hash.low64, hash.high64};
    }};

}  // namespace railgun
#endif
