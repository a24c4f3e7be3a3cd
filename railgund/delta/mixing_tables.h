// Fixed tables of the mixing model (doc/DELTA_FORMAT.md, "Mixing"). Made in integers at compile time: the format
// depends on every entry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace railgun::delta::mixing {

// Probabilities are of 65536. Mixed are not they but their stretched values, 256 ln(p / (1 - p)), in -2047 .. 2047.
inline constexpr int kStretchLimit = 2047;

namespace detail {

constexpr std::array<std::uint16_t, 4096> make_squash() {
  constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  constexpr std::uint64_t kStep = 4278222805;  // e^(-1/256), of 2^32
  std::array<std::uint16_t, 4096> all{};
  std::uint64_t power = kOne;  // e^(-x/256)
  for (std::size_t x = 0; x < 2048; ++x) {
    const std::uint64_t p = (kOne << 16) / (kOne + power);
    all[2048 + x] = static_cast<std::uint16_t>(p);
    all[2048 - x] = static_cast<std::uint16_t>(65536 - p);
    power = (power * kStep) >> 32;
  }
  all[0] = all[1];
  return all;
}

}  // namespace detail

// By the stretched value plus 2048.
inline constexpr std::array<std::uint16_t, 4096> kSquash = detail::make_squash();

constexpr std::uint32_t squash(int stretched) {
  if (stretched > kStretchLimit) stretched = kStretchLimit;
  if (stretched < -kStretchLimit) stretched = -kStretchLimit;
  return kSquash[static_cast<std::size_t>(stretched + 2048)];
}

namespace detail {

constexpr std::array<std::int16_t, 4096> make_stretch() {
  std::array<std::int16_t, 4096> all{};
  int x = -kStretchLimit;
  for (std::size_t p = 0; p < all.size(); ++p) {
    while (x < kStretchLimit && squash(x) < p * 16 + 8) ++x;
    all[p] = static_cast<std::int16_t>(x);
  }
  return all;
}

// A bit history is a byte: how often the bit was 0 (high nibble) and 1 (low nibble), up to 15, where seeing one value
// makes the count of the other fade.
constexpr std::array<std::array<std::uint8_t, 256>, 2> make_next() {
  std::array<std::array<std::uint8_t, 256>, 2> all{};
  for (unsigned state = 0; state < 256; ++state) {
    for (unsigned bit = 0; bit < 2; ++bit) {
      unsigned same = bit != 0 ? state & 15 : state >> 4;
      unsigned other = bit != 0 ? state >> 4 : state & 15;
      if (same < 15) ++same;
      if (other > 8) {
        other = 4;
      } else if (other > 2) {
        other = (other + 2) / 2;
      }
      all[bit][state] = static_cast<std::uint8_t>(bit != 0 ? other << 4 | same : same << 4 | other);
    }
  }
  return all;
}

}  // namespace detail

// By the probability's upper twelve bits.
inline constexpr std::array<std::int16_t, 4096> kStretch = detail::make_stretch();
// By the bit and the history before it.
inline constexpr std::array<std::array<std::uint8_t, 256>, 2> kNextHistory = detail::make_next();

// A probability that learns, and its stretched value, ready to be mixed.
struct Chance {
  std::uint16_t p = 32768;
  std::int16_t stretched = 0;

  constexpr void set(int probability) {
    p = static_cast<std::uint16_t>(probability);
    stretched = kStretch[static_cast<std::size_t>(probability >> 4)];
  }
  // Moves 1/2^rate of the way to what happened.
  constexpr void learn(bool bit, int rate) {
    const int target = bit ? 65535 : 0;
    set(p + ((target - p) >> rate));
  }
};

}  // namespace railgun::delta::mixing
