// XXH3 with AVX2, about twice as fast on pages as the library, which Debian builds for SSE2. The same numbers. Only for
// CPUs that have it: hash.h chooses.
#pragma once

#include <cstddef>
#include <cstdint>

namespace railgun {

#ifdef __x86_64__
std::uint64_t hash64_avx2(const std::uint8_t* bytes, std::size_t count, std::uint64_t seed);
struct Halves {
  std::uint64_t low;
  std::uint64_t high;
};
Halves hash128_avx2(const std::uint8_t* bytes, std::size_t count);
#endif

}  // namespace railgun
