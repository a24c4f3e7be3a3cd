// XXH3 for the vectors of newer CPUs, several times as fast on pages as the library, which distributions build for
// SSE2. The same numbers. hash.h chooses.
#pragma once

#include <cstddef>
#include <cstdint>

namespace railgun {

struct WideHash {
  struct Halves {
    std::uint64_t low;
    std::uint64_t high;
  };
  std::uint64_t (*hash64)(const std::uint8_t* bytes, std::size_t count, std::uint64_t seed);
  Halves (*keyed128)(const std::uint8_t* bytes, std::size_t count, const std::uint8_t* secret,
                     std::size_t secret_count);
};

#ifdef __x86_64__
// Only for CPUs that have them (cpu.h).
extern const WideHash kAvx2Hash;
extern const WideHash kAvx512Hash;
#endif

}  // namespace railgun
