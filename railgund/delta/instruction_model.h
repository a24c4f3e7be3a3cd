// Codes the numbers and flags of instructions: binary decisions that learn.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "railgund/delta/adaptive_bit.h"
#include "railgund/delta/start_statistics.h"

namespace railgun::delta {

// What a number says; each kind learns by itself.
enum class Number : std::uint8_t {
  kInstructions,  // in the window
  kFirstGap,
  kGap,
  kBackward,  // a copy from before the place expected
  kForward0,  // from behind it, by the gap's length: 0, 1, 2-3, 4-7, …
  kForward1,
  kForward2,
  kForward3,
  kForward4,
  kForward5,
  kCopy,
  kCount,
};

enum class Flag : std::uint8_t {
  kSomeVolume,
  kMuchVolume,
  kPageIndex,
  kFirstHasGap,
  kEndsInGap,
  kToTheEnd,
  // Two each: without and with a gap; then the same for the first instruction.
  kMoved,
  kBackward = kMoved + 4,
  kCount = kBackward + 4,
};

class InstructionModel {
 public:
  constexpr InstructionModel() {
    for (std::size_t i = 0; i < flags_.size(); ++i) flags_[i] = AdaptiveBit::from_start(start::kFlags[i]);
    for (std::size_t k = 0; k < numbers_.size(); ++k) {
      for (std::size_t i = 0; i < 32; ++i) numbers_[k][i] = AdaptiveBit::from_start(start::kLengths[k][i]);
    }
  }

  // To be copied: that is quicker than to make another.
  static const InstructionModel& start() {
    static constexpr InstructionModel kStart;
    return kStart;
  }

  template <typename Coder>
  bool flag(Coder& coder, Flag flag, bool value, unsigned variant = 0) {
    return flags_[static_cast<std::size_t>(flag) + variant].code(coder, value);
  }

  // Elias-gamma with learned lengths and leading digits. `value` below 2^32 - 1; so is what is decoded.
  template <typename Coder>
  std::uint32_t number(Coder& coder, Number kind, std::uint32_t value) {
    auto& bits = numbers_[static_cast<std::size_t>(kind)];
    const std::uint64_t plus_one = std::uint64_t{value} + 1;
    const auto width = static_cast<unsigned>(std::bit_width(plus_one)) - 1;
    unsigned node = 1;
    for (int i = 4; i >= 0; --i) node = node * 2 + (bits[node].code(coder, (width >> i & 1) != 0) ? 1 : 0);
    const unsigned digits = node & 31;
    std::uint64_t result = 1;
    unsigned left = digits;
    for (unsigned k = 0; k < 2 && left > 0; ++k) {
      --left;
      const unsigned context = 32 + digits * 4 + (k == 0 ? 0 : 1 + static_cast<unsigned>(result & 1));
      result = result * 2 + (bits[context].code(coder, (plus_one >> left & 1) != 0) ? 1 : 0);
    }
    while (left > 0) {
      const unsigned some = left < 16 ? left : 16;
      left -= some;
      const auto part = static_cast<std::uint32_t>(plus_one >> left & ((1U << some) - 1));
      result = result << some | coder.flat(part, some);
    }
    return static_cast<std::uint32_t>(result - 1);
  }

 private:
  std::array<AdaptiveBit, static_cast<std::size_t>(Flag::kCount)> flags_;
  std::array<std::array<AdaptiveBit, 32 + 32 * 4>, static_cast<std::size_t>(Number::kCount)> numbers_;
};

}  // namespace railgun::delta
