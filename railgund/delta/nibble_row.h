// A row of statistics: how often each nibble came in one context, as cumulative frequencies, half a cache line.
// nibble_lanes.h has what works on rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

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

}  // namespace nibble

}  // namespace railgun::delta
