// What works on rows works on all sixteen lanes at once: blending some, and learning a nibble. Every set of functions
// gives the numbers of PortableLanes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#include "railgund/delta/nibble_row.h"

namespace railgun::delta::nibble {

struct PortableLanes {
  static void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
    for (std::size_t s = 0; s < 15; ++s) {
      std::uint32_t sum = static_cast<std::uint32_t>(4 * (s + 1));
      for (std::size_t k = 0; k < kBlended; ++k) sum += std::uint32_t{rows[k]->lane[s]} * shares[k] >> 8;
      to.below()[s] = static_cast<std::uint16_t>(sum);
    }
    to.below()[15] = 16384;
  }

  static void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
    const NibbleRow& target = kTargets[symbol];
    const unsigned seen = from.seen();
    const std::uint16_t last = counted(mark, seen);
    for (std::size_t s = 0; s < 15; ++s) {
      to.lane[s] = static_cast<std::uint16_t>(from.lane[s] + ((target.lane[s] - from.lane[s]) * kRates[seen] >> 15));
    }
    to.lane[15] = last;
  }
};

#if defined(__SSE2__)

// Which every x86-64 CPU has.
struct Sse2Lanes {
  static void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
    __m128i low = _mm_setr_epi16(4, 8, 12, 16, 20, 24, 28, 32);
    __m128i high = _mm_setr_epi16(36, 40, 44, 48, 52, 56, 60, 0);
    for (std::size_t k = 0; k < kBlended; ++k) {
      const __m128i share = _mm_set1_epi16(static_cast<std::int16_t>(shares[k] << 8));
      low = _mm_add_epi16(low, _mm_mulhi_epu16(load(rows[k]->lane.data()), share));
      high = _mm_add_epi16(high, _mm_mulhi_epu16(load(rows[k]->lane.data() + 8), share));
    }
    store(to.below(), low);
    store(to.below() + 8, _mm_insert_epi16(high, 16384, 7));
  }

  static void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
    const std::uint16_t* target = kTargets[symbol].lane.data();
    const unsigned seen = from.seen();
    const __m128i rate = _mm_set1_epi16(kRates[seen]);
    const __m128i low = moved(load(from.lane.data()), load(target), rate);
    const __m128i high = moved(load(from.lane.data() + 8), load(target + 8), rate);
    store(to.lane.data(), low);
    store(to.lane.data() + 8, _mm_insert_epi16(high, counted(mark, seen), 7));
  }

 private:
  static __m128i load(const std::uint16_t* from) { return _mm_load_si128(reinterpret_cast<const __m128i*>(from)); }
  static void store(std::uint16_t* to, __m128i lanes) { _mm_store_si128(reinterpret_cast<__m128i*>(to), lanes); }
  // `from` on its way to `target`.
  static __m128i moved(__m128i from, __m128i target, __m128i rate) {
    const __m128i way = _mm_sub_epi16(target, from);
    return _mm_add_epi16(from, _mm_mulhi_epi16(_mm_add_epi16(way, way), rate));
  }
};

// For CPUs that have it (base/cpu.h). Who calls them has the same target, so that they can be inlined.
#define RAILGUN_AVX2 gnu::target("avx2,bmi,bmi2")
struct Avx2Lanes {
  [[RAILGUN_AVX2]] static void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
    __m256i sum = _mm256_setr_epi16(4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 0);
    for (std::size_t k = 0; k < kBlended; ++k) {
      const __m256i share = _mm256_set1_epi16(static_cast<std::int16_t>(shares[k] << 8));
      sum = _mm256_add_epi16(sum, _mm256_mulhi_epu16(load(*rows[k]), share));
    }
    _mm256_store_si256(reinterpret_cast<__m256i*>(to.below()), sum);
    to.below()[15] = 16384;
  }

  [[RAILGUN_AVX2]] static void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
    const unsigned seen = from.seen();
    const std::uint16_t last = counted(mark, seen);
    const __m256i row = load(from);
    const __m256i way = _mm256_sub_epi16(load(kTargets[symbol]), row);
    const __m256i step = _mm256_mulhi_epi16(_mm256_add_epi16(way, way), _mm256_set1_epi16(kRates[seen]));
    _mm256_store_si256(reinterpret_cast<__m256i*>(to.lane.data()), _mm256_add_epi16(row, step));
    to.lane[15] = last;
  }

 private:
  [[RAILGUN_AVX2]] static __m256i load(const NibbleRow& row) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(row.lane.data()));
  }
};

using NativeLanes = Sse2Lanes;

#elif defined(__aarch64__) && defined(__ARM_NEON)

struct NeonLanes {
  static void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
    static constexpr std::array<std::uint16_t, 16> kEven = {4,  8,  12, 16, 20, 24, 28, 32,
                                                            36, 40, 44, 48, 52, 56, 60, 0};
    uint16x8_t low = vld1q_u16(kEven.data());
    uint16x8_t high = vld1q_u16(kEven.data() + 8);
    for (std::size_t k = 0; k < kBlended; ++k) {
      const auto share = static_cast<std::uint16_t>(shares[k] << 8);
      low = vaddq_u16(low, scaled(vld1q_u16(rows[k]->lane.data()), share));
      high = vaddq_u16(high, scaled(vld1q_u16(rows[k]->lane.data() + 8), share));
    }
    vst1q_u16(to.below(), low);
    vst1q_u16(to.below() + 8, vsetq_lane_u16(16384, high, 7));
  }

  static void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
    const std::uint16_t* target = kTargets[symbol].lane.data();
    const unsigned seen = from.seen();
    const uint16x8_t low = moved(vld1q_u16(from.lane.data()), vld1q_u16(target), kRates[seen]);
    const uint16x8_t high = moved(vld1q_u16(from.lane.data() + 8), vld1q_u16(target + 8), kRates[seen]);
    vst1q_u16(to.lane.data(), low);
    vst1q_u16(to.lane.data() + 8, vsetq_lane_u16(counted(mark, seen), high, 7));
  }

 private:
  // The high halves of the products of eight lanes.
  static uint16x8_t scaled(uint16x8_t lanes, std::uint16_t by) {
    const uint32x4_t low = vmull_n_u16(vget_low_u16(lanes), by);
    const uint32x4_t high = vmull_n_u16(vget_high_u16(lanes), by);
    return vcombine_u16(vshrn_n_u32(low, 16), vshrn_n_u32(high, 16));
  }
  // `from` on its way to `target`.
  static uint16x8_t moved(uint16x8_t from, uint16x8_t target, std::int16_t rate) {
    const int16x8_t way = vreinterpretq_s16_u16(vsubq_u16(target, from));
    const int32x4_t low = vmull_n_s16(vget_low_s16(way), rate);
    const int32x4_t high = vmull_n_s16(vget_high_s16(way), rate);
    return vaddq_u16(from, vreinterpretq_u16_s16(vcombine_s16(vshrn_n_s32(low, 15), vshrn_n_s32(high, 15))));
  }
};

using NativeLanes = NeonLanes;

#else

using NativeLanes = PortableLanes;

#endif

}  // namespace railgun::delta::nibble
