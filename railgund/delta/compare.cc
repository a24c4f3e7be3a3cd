#include "railgund/delta/compare.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "railgund/base/cpu.h"

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

[[gnu::target("avx512f,avx512bw")]] std::size_t prefix_by_avx512(const std::uint8_t* a, const std::uint8_t* b,
                                                                 std::size_t limit) {
  std::size_t count = 0;
  for (; count + 128 <= limit; count += 128) {
    const __mmask64 low = _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(a + count), _mm512_loadu_si512(b + count));
    const __mmask64 high =
        _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(a + count + 64), _mm512_loadu_si512(b + count + 64));
    if ((low | high) != 0) break;
  }
  return count + prefix_by_words(a + count, b + count, limit - count);
}
[[gnu::target("avx512f,avx512bw")]] std::size_t suffix_by_avx512(const std::uint8_t* a, const std::uint8_t* b,
                                                                 std::size_t limit) {
  std::size_t count = 0;
  for (; count + 128 <= limit; count += 128) {
    const std::uint8_t* x = a - count - 128;
    const std::uint8_t* y = b - count - 128;
    const __mmask64 low = _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(x), _mm512_loadu_si512(y));
    const __mmask64 high = _mm512_cmpneq_epi8_mask(_mm512_loadu_si512(x + 64), _mm512_loadu_si512(y + 64));
    if ((low | high) != 0) break;
  }
  return count + suffix_by_words(a - count, b - count, limit - count);
}

Compare widest(Compare words, Compare avx2, Compare avx512) {
  if (has_avx512()) return avx512;
  return has_avx2() ? avx2 : words;
}
const Compare kPrefix = widest(prefix_by_words, prefix_by_avx2, prefix_by_avx512);
const Compare kSuffix = widest(suffix_by_words, suffix_by_avx2, suffix_by_avx512);
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
