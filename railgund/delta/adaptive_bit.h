// A bit's probability that learns: fast at first, slower the more it has seen.
#pragma once

#include <array>
#include <cstdint>

namespace railgun::delta {

// What one more event changes, of 65536, after so many.
constexpr std::array<std::uint32_t, 256> make_bit_rates() {
  std::array<std::uint32_t, 256> all{};
  for (unsigned n = 0; n < 256; ++n) all[n] = 65536 * 2 / (2 * n + 3);
  return all;
}
inline constexpr std::array<std::uint32_t, 256> kBitRates = make_bit_rates();

class AdaptiveBit {
 public:
  constexpr AdaptiveBit() = default;
  // `p`: probability that the bit is set, of 65536, within kFloor .. kCeiling. `seen`: how many events that is worth.
  constexpr AdaptiveBit(std::uint16_t p, std::uint8_t seen) : p_(p), seen_(seen) {}

  // `p`: of 256, as the start statistics have it.
  static constexpr AdaptiveBit from_start(std::uint8_t p, std::uint8_t seen = 4) {
    return {static_cast<std::uint16_t>(p * 256 + 128), seen};
  }

  template <typename Coder>
  bool code(Coder& coder, bool value, unsigned limit = 30) {
    value = coder.bit(value, p_);
    const std::uint32_t way = value ? kCeiling - p_ : p_ - kFloor;
    const std::uint32_t step = way * kBitRates[seen_] >> 16;
    p_ = static_cast<std::uint16_t>(value ? p_ + step : p_ - step);
    // Without a branch: it would often be mispredicted.
    seen_ = static_cast<std::uint8_t>(seen_ + static_cast<unsigned>(seen_ < limit));
    return value;
  }

  std::uint32_t p() const { return p_; }

 private:
  static constexpr std::uint32_t kFloor = 32;
  static constexpr std::uint32_t kCeiling = 65535 - kFloor;

  std::uint16_t p_ = 32768;
  std::uint8_t seen_ = 0;
};

}  // namespace railgun::delta
