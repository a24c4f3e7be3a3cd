// A row of statistics: how often each nibble came in one context, as cumulative frequencies, half a cache line. What
// works on rows works on all sixteen lanes at once. The vector paths give the same numbers as the portable one; none
// wants more than every CPU of its kind has.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace railgun::delta {

struct alignas(32) NibbleRow {
  // Lane s < 15: how many of 16384 belong to the nibbles up to and with s; rising. The last lane: a mark that tells the
  // row's context from others of its place (the high twelve bits), and how many nibbles were seen, at most 15.
  std::array<std::uint16_t, 16> lane;

  static constexpr std::uint16_t kMark = 0xfff0;
  unsigned seen() const { return lane[15] & 15U; }
  bool is_of(std::uint16_t mark) const { return ((lane[15] ^ mark) & kMark) == 0; }
};

namespace nibble {

// Rows are blended in these shares, of 256, and what is left is equally likely. They sum up to 255.
inline constexpr std::size_t kBlended = 3;
using Shares = std::array<std::uint8_t, kBlended>;
using Blended = std::array<const NibbleRow*, kBlended>;

// Knows nothing: all are equally likely.
consteval NibbleRow make_blank() {
  NibbleRow row{};
  for (unsigned s = 0; s < 15; ++s) row.lane[s] = static_cast<std::uint16_t>(1024 * (s + 1));
  return row;
}
inline constexpr NibbleRow kBlank = make_blank();

// What a row moves towards when a nibble came. Every nibble keeps one of 16384, so rows rise strictly for good.
consteval std::array<NibbleRow, 16> make_targets() {
  std::array<NibbleRow, 16> all{};
  for (unsigned symbol = 0; symbol < 16; ++symbol) {
    for (unsigned s = 0; s < 15; ++s) {
      all[symbol].lane[s] = static_cast<std::uint16_t>(s + 1 + (s >= symbol ? 16384 - 16 : 0));
    }
  }
  return all;
}
inline constexpr std::array<NibbleRow, 16> kTargets = make_targets();

// How far it moves, of 32768: for the first nibble all but all the way, then to the average of the first nibbles, later
// of about the last sixteen.
consteval std::array<std::int16_t, 16> make_rates() {
  std::array<std::int16_t, 16> all{};
  for (int n = 0; n < 16; ++n) all[n] = static_cast<std::int16_t>(n == 0 ? 32767 : 32768 * 2 / (2 * n + 3));
  return all;
}
inline constexpr std::array<std::int16_t, 16> kRates = make_rates();

// The blend's lanes as a coder takes them, behind a zero for the first nibble's lower end.
struct alignas(32) Frequencies {
  Frequencies() { lane[15] = 0; }
  std::array<std::uint16_t, 32> lane;
  const std::uint16_t* below() const { return lane.data() + 16; }
  std::uint16_t* below() { return lane.data() + 16; }
};

// The last lane after one nibble more.
inline std::uint16_t counted(std::uint16_t mark, unsigned seen) {
  return static_cast<std::uint16_t>(mark | (seen + (seen < 15 ? 1 : 0)));
}

namespace portable {

inline void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
  for (std::size_t s = 0; s < 15; ++s) {
    std::uint32_t sum = static_cast<std::uint32_t>(4 * (s + 1));
    for (std::size_t k = 0; k < kBlended; ++k) sum += std::uint32_t{rows[k]->lane[s]} * shares[k] >> 8;
    to.below()[s] = static_cast<std::uint16_t>(sum);
  }
  to.below()[15] = 16384;
}

inline void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
  const NibbleRow& target = kTargets[symbol];
  const unsigned seen = from.seen();
  const std::uint16_t last = counted(mark, seen);
  for (std::size_t s = 0; s < 15; ++s) {
    to.lane[s] = static_cast<std::uint16_t>(from.lane[s] + ((target.lane[s] - from.lane[s]) * kRates[seen] >> 15));
  }
  to.lane[15] = last;
}

}  // namespace portable

#if defined(__SSE2__)

// Eight lanes.
inline __m128i load(const std::uint16_t* from) { return _mm_load_si128(reinterpret_cast<const __m128i*>(from)); }
inline void store(std::uint16_t* to, __m128i lanes) { _mm_store_si128(reinterpret_cast<__m128i*>(to), lanes); }

inline void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
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

// `from` on its way to `target`.
inline __m128i moved(__m128i from, __m128i target, __m128i rate) {
  const __m128i way = _mm_sub_epi16(target, from);
  return _mm_add_epi16(from, _mm_mulhi_epi16(_mm_add_epi16(way, way), rate));
}

inline void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
  const std::uint16_t* target = kTargets[symbol].lane.data();
  const unsigned seen = from.seen();
  const __m128i rate = _mm_set1_epi16(kRates[seen]);
  const __m128i low = moved(load(from.lane.data()), load(target), rate);
  const __m128i high = moved(load(from.lane.data() + 8), load(target + 8), rate);
  store(to.lane.data(), low);
  store(to.lane.data() + 8, _mm_insert_epi16(high, counted(mark, seen), 7));
}

#elif defined(__aarch64__) && defined(__ARM_NEON)

// The high halves of the products of eight lanes.
inline uint16x8_t scaled(uint16x8_t lanes, std::uint16_t by) {
  const uint32x4_t low = vmull_n_u16(vget_low_u16(lanes), by);
  const uint32x4_t high = vmull_n_u16(vget_high_u16(lanes), by);
  return vcombine_u16(vshrn_n_u32(low, 16), vshrn_n_u32(high, 16));
}
// `from` on its way to `target`.
inline uint16x8_t moved(uint16x8_t from, uint16x8_t target, std::int16_t rate) {
  const int16x8_t way = vreinterpretq_s16_u16(vsubq_u16(target, from));
  const int32x4_t low = vmull_n_s16(vget_low_s16(way), rate);
  const int32x4_t high = vmull_n_s16(vget_high_s16(way), rate);
  return vaddq_u16(from, vreinterpretq_u16_s16(vcombine_s16(vshrn_n_s32(low, 15), vshrn_n_s32(high, 15))));
}

inline void blend(const Blended& rows, const Shares& shares, Frequencies& to) {
  static constexpr std::array<std::uint16_t, 16> kEven = {4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 0};
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

inline void learn(const NibbleRow& from, unsigned symbol, NibbleRow& to, std::uint16_t mark) {
  const std::uint16_t* target = kTargets[symbol].lane.data();
  const unsigned seen = from.seen();
  const uint16x8_t low = moved(vld1q_u16(from.lane.data()), vld1q_u16(target), kRates[seen]);
  const uint16x8_t high = moved(vld1q_u16(from.lane.data() + 8), vld1q_u16(target + 8), kRates[seen]);
  vst1q_u16(to.lane.data(), low);
  vst1q_u16(to.lane.data() + 8, vsetq_lane_u16(counted(mark, seen), high, 7));
}

#else

using portable::blend;
using portable::learn;

#endif

}  // namespace nibble

}  // namespace railgun::delta
