#include "railgund/delta/compare.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace railgun::delta {
namespace {

using Compare = std::size_t (*)(const std::uint8_t*, const std::uint8_t*, std::size_t);

std::size_t prefix_by_words(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  for (; count + 8 <= limit; count += 8) {
    const std::uint64_t differ = load64(a + count) ^ load64(b + count);
    if (differ != 0) return count + static_cast<std::size_t>(std::countr_zero(differ)) / 8;
  }
  while (count < limit && a[count] == b[count]) ++count;
  return count;
}

std::size_t suffix_by_words(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  for (; count + 8 <= limit; count += 8) {
    const std::uint64_t differ = load64(a - count - 8) ^ load64(b - count - 8);
    if (differ != 0) return count + static_cast<std::size_t>(std::countl_zero(differ)) / 8;
  }
  while (count < limit && *(a - count - 1) == *(b - count - 1)) ++count;
  return count;
}

#ifdef __x86_64__
[[gnu::target("avx2")]] std::size_t prefix_by_avx2(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  for (; count + 64 <= limit; count += 64) {
    const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + count)),
                                          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + count)));
    const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + count + 32)),
                                           _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + count + 32)));
    if (static_cast<unsigned>(_mm256_movemask_epi8(_mm256_and_si256(low, high))) != 0xffffffffU) break;
  }
  return count + prefix_by_words(a + count, b + count, limit - count);
}
[[gnu::target("avx2")]] std::size_t suffix_by_avx2(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  for (; count + 64 <= limit; count += 64) {
    const std::uint8_t* x = a - count - 64;
    const std::uint8_t* y = b - count - 64;
    const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)),
                                          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y)));
    const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 32)),
                                           _mm256_loadu_si256(reinterpret_cast<const __m256i*>(y + 32)));
    if (static_cast<unsigned>(_mm256_movemask_epi8(_mm256_and_si256(low, high))) != 0xffffffffU) break;
  }
  return count + suffix_by_words(a - count, b - count, limit - count);
}
bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}
const Compare kPrefix = has_avx2() ? prefix_by_avx2 : prefix_by_words;
const Compare kSuffix = has_avx2() ? suffix_by_avx2 : suffix_by_words;
#else
constexpr Compare kPrefix = prefix_by_words;
constexpr Compare kSuffix = suffix_by_words;
#endif

}  // namespace

std::size_t long_common_prefix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  return kPrefix(a, b, limit);
}
std::size_t long_common_suffix(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  return kSuffix(a, b, limit);
}

}  // namespace railgun::delta
