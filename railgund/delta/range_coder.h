// The arithmetic coder under the fast and the strong tier (doc/DELTA_FORMAT.md, "Range coder"): 64-bit state, four
// bytes at a time, probabilities of 14 or 16 bits. Encoder and decoder have the same calls, so that a model is written
// once for both: the encoder's take the value and give it back, the decoder's ignore their argument and give what was
// coded.
#pragma once

#include <cstddef>
#include <cstdint>

#include "railgund/base/bytes.h"

namespace railgun::delta {

class RangeEncoder {
 public:
  static constexpr bool kDecodes = false;

  // Appends to `to`, which outlives the encoder.
  explicit RangeEncoder(Bytes& to) : to_(to), start_(to.size()) {}

  // `p`: probability that the bit is set, of 65536; in 1 .. 65535.
  bool bit(bool value, std::uint32_t p) {
    const std::uint64_t bound = (range_ >> 16) * p;
    add(value ? 0 : bound);
    range_ = value ? bound : range_ - bound;
    if (range_ >> 32 == 0) shift();
    return value;
  }

  // A number below 2^count, all equally likely; count at most 16.
  std::uint32_t flat(std::uint32_t value, unsigned count) {
    range_ >>= count;
    add(range_ * value);
    if (range_ >> 32 == 0) shift();
    return value;
  }

  // A symbol of 16. `below[s]`: how many of 16384 belong to the symbols up to and with s; rising, below[15] = 16384.
  unsigned nibble(unsigned value, const std::uint16_t* below) {
    const std::uint64_t unit = range_ >> 14;
    const std::uint32_t low = value == 0 ? 0 : below[value - 1];
    add(unit * low);
    range_ = unit * (below[value] - low);
    if (range_ >> 32 == 0) shift();
    return value;
  }

  // Ends the stream with as few bytes as tell it apart from every other; the decoder reads zeros after them.
  void finish() {
    // The number in [low, low + range) that ends in the most zero bits.
    for (int kept = 0; kept <= 64; kept += 8) {
      const std::uint64_t mask = kept == 64 ? 0 : ~std::uint64_t{0} >> kept;
      const std::uint64_t up = low_ + mask < low_ ? 0 : (low_ + mask) & ~mask;
      const bool carried = low_ + mask < low_;
      if (!carried && up - low_ < range_) {
        low_ = up;
        break;
      }
      if (carried && std::uint64_t{0} - low_ < range_) {
        carry();
        low_ = 0;
        break;
      }
    }
    for (int i = 0; i < 8; ++i) to_.push_back(static_cast<std::uint8_t>(low_ >> (56 - 8 * i)));
    while (to_.size() > start_ && to_.back() == 0) to_.pop_back();
  }

 private:
  void add(std::uint64_t amount) {
    low_ += amount;
    if (low_ < amount) carry();
  }
  void carry() {
    for (std::size_t i = to_.size(); i > start_ && ++to_[i - 1] == 0; --i) {
    }
  }
  void shift() {
    const std::size_t used = to_.size();
    to_.resize(used + 4);
    for (std::size_t i = 0; i < 4; ++i) to_[used + i] = static_cast<std::uint8_t>(low_ >> (56 - 8 * i));
    low_ <<= 32;
    range_ <<= 32;
  }

  Bytes& to_;
  std::size_t start_;
  std::uint64_t low_ = 0;
  std::uint64_t range_ = ~std::uint64_t{0};
};

class RangeDecoder {
 public:
  static constexpr bool kDecodes = true;

  // `bytes` outlive the decoder. Any bytes decode to something; it is the caller who bounds how much.
  explicit RangeDecoder(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {
    code_ = std::uint64_t{load()} << 32;
    code_ |= load();
  }

  bool bit(bool, std::uint32_t p) {
    const std::uint64_t bound = (range_ >> 16) * p;
    const bool value = code_ < bound;
    if (value) {
      range_ = bound;
    } else {
      code_ -= bound;
      range_ -= bound;
    }
    if (range_ >> 32 == 0) shift();
    return value;
  }

  std::uint32_t flat(std::uint32_t, unsigned count) {
    range_ >>= count;
    std::uint64_t value = code_ / range_;
    if (value >> count != 0) value = (std::uint64_t{1} << count) - 1;
    code_ -= range_ * value;
    if (range_ >> 32 == 0) shift();
    return static_cast<std::uint32_t>(value);
  }

  unsigned nibble(unsigned, const std::uint16_t* below) {
    const std::uint64_t unit = range_ >> 14;
    std::uint64_t at = code_ / unit;
    if (at > 16383) at = 16383;
    unsigned value = 0;
    for (unsigned s = 0; s < 15; ++s) value += below[s] <= at ? 1U : 0U;
    const std::uint32_t low = value == 0 ? 0 : below[value - 1];
    code_ -= unit * low;
    range_ = unit * (below[value] - low);
    if (range_ >> 32 == 0) shift();
    return value;
  }

 private:
  std::uint32_t load() {
    std::uint32_t word = 0;
    if (end_ - at_ >= 4) {
      word = std::uint32_t{at_[0]} << 24 | std::uint32_t{at_[1]} << 16 | std::uint32_t{at_[2]} << 8 | at_[3];
      at_ += 4;
    } else {
      for (int i = 0; i < 4; ++i) word = word << 8 | (at_ < end_ ? *at_++ : 0U);
    }
    return word;
  }
  void shift() {
    code_ = code_ << 32 | load();
    range_ <<= 32;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint64_t code_ = 0;
  std::uint64_t range_ = ~std::uint64_t{0};
};

}  // namespace railgun::delta
