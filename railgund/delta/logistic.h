// The logistic domain in integers, for mixing probabilities: the same tables on every machine.
#pragma once

#include <array>
#include <cstdint>

namespace railgun::delta {

namespace logistic {

// e^x for |x| <= 8, evaluated by the compiler only: basic operations on doubles are exact by IEEE 754.
consteval double exponential(double x) {
  double term = 1;
  double sum = 1;
  for (int n = 1; n < 30; ++n) {
    term *= x / 32 / n;
    sum += term;
  }
  for (int i = 0; i < 5; ++i) sum *= sum;
  return sum;
}

// [x + 2048]: 65536 / (1 + e^(-x/256)).
consteval std::array<std::uint16_t, 4096> make_squash() {
  std::array<std::uint16_t, 4096> all{};
  for (int i = 0; i < 4096; ++i) {
    const double p = 65536 / (1 + exponential((2048 - i) / 256.0));
    all[i] = static_cast<std::uint16_t>(p < 24 ? 24 : p > 65512 ? 65512 : p);
  }
  return all;
}
inline constexpr std::array<std::uint16_t, 4096> kSquash = make_squash();

// [p / 16]: the x whose squash is p.
consteval std::array<std::int16_t, 4096> make_stretch() {
  std::array<std::int16_t, 4096> all{};
  int x = 0;
  for (int i = 0; i < 4096; ++i) {
    while (x < 4095 && kSquash[x] < i * 16 + 8) ++x;
    all[i] = static_cast<std::int16_t>(x - 2048);
  }
  return all;
}
inline constexpr std::array<std::int16_t, 4096> kStretch = make_stretch();

}  // namespace logistic

// `p` of 65536 to ln(p / (1 - p)) * 256, within ±2047, and back.
inline int stretch(std::uint32_t p) { return logistic::kStretch[p >> 4]; }
inline std::uint32_t squash(int x) {
  x = x > 2047 ? 2047 : x < -2047 ? -2047 : x;
  return logistic::kSquash[static_cast<std::size_t>(x + 2048)];
}

}  // namespace railgun::delta
