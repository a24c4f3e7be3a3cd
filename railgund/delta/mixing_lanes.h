// The inner loop of mixing: sixteen weighted inputs in 16-bit lanes, summed and trained. The SSE2 path, which every
// x86-64 CPU has, gives the same numbers as the portable one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace railgun::delta::mixing {

inline constexpr std::size_t kLanes = 16;

// Weights: 1.0 is 16384.
struct alignas(32) Weights {
  std::array<std::int16_t, kLanes> lane{};
};

// Inputs are packed four to a word, so that they travel to the vector registers in words: bytes just stored in pieces
// cannot be loaded as a whole without a stall.
using Inputs = std::array<std::uint64_t, kLanes / 4>;

constexpr std::uint64_t pack(int a, int b, int c, int d) {
  return (static_cast<std::uint64_t>(a) & 0xffff) | (static_cast<std::uint64_t>(b) & 0xffff) << 16 |
         (static_cast<std::uint64_t>(c) & 0xffff) << 32 | static_cast<std::uint64_t>(d) << 48;
}

namespace portable {

inline int saturate(int value) { return value > 32767 ? 32767 : value < -32768 ? -32768 : value; }
inline int input(const Inputs& inputs, std::size_t k) {
  return static_cast<std::int16_t>(inputs[k / 4] >> (16 * (k % 4)) & 0xffff);
}

// The inputs, each below 2048 in size, times the sums of the two weights; not yet divided by what is 1.0.
inline int dot(const Inputs& inputs, const Weights& a, const Weights& b) {
  int sum = 0;
  for (std::size_t k = 0; k < kLanes; ++k) sum += input(inputs, k) * saturate(a.lane[k] + b.lane[k]);
  return sum;
}

// Moves both weights along the inputs by `error`, -32768 .. 32767.
inline void train(const Inputs& inputs, int error, Weights& a, Weights& b) {
  for (std::size_t k = 0; k < kLanes; ++k) {
    const int step = (2 * input(inputs, k) * error + 32768) >> 16;
    a.lane[k] = static_cast<std::int16_t>(saturate(a.lane[k] + step));
    b.lane[k] = static_cast<std::int16_t>(saturate(b.lane[k] + step));
  }
}

}  // namespace portable

#if defined(__SSE2__)

namespace sse2 {

inline __m128i load(const Weights& weights, std::size_t half) {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(weights.lane.data() + 8 * half));
}
inline __m128i load(const Inputs& inputs, std::size_t half) {
  return _mm_set_epi64x(static_cast<long long>(inputs[2 * half + 1]), static_cast<long long>(inputs[2 * half]));
}

inline int dot(const Inputs& inputs, const Weights& a, const Weights& b) {
  const __m128i low = _mm_madd_epi16(load(inputs, 0), _mm_adds_epi16(load(a, 0), load(b, 0)));
  const __m128i high = _mm_madd_epi16(load(inputs, 1), _mm_adds_epi16(load(a, 1), load(b, 1)));
  __m128i sum = _mm_add_epi32(low, high);
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
  return _mm_cvtsi128_si32(sum);
}

inline void train(const Inputs& inputs, int error, Weights& a, Weights& b) {
  const __m128i factor = _mm_set1_epi16(static_cast<short>(error));
  for (std::size_t half = 0; half < 2; ++half) {
    __m128i step = load(inputs, half);
    step = _mm_add_epi16(step, step);
    // The upper half of the product, rounded.
    step = _mm_add_epi16(_mm_mulhi_epi16(step, factor), _mm_srli_epi16(_mm_mullo_epi16(step, factor), 15));
    for (Weights* weights : {&a, &b}) {
      _mm_store_si128(reinterpret_cast<__m128i*>(weights->lane.data() + 8 * half),
                      _mm_adds_epi16(load(*weights, half), step));
    }
  }
}

}  // namespace sse2

using sse2::dot;
using sse2::train;

#else

using portable::dot;
using portable::train;

#endif

}  // namespace railgun::delta::mixing
