#include "railgund/delta/range_coder.h"

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

using test::Numbers;

// One event of each kind, at probabilities drawn from `seed`; the values come from the coder.
template <typename Coder>
std::uint64_t code_events(Coder& coder, std::uint64_t seed, std::size_t count) {
  Numbers numbers(seed);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t value = numbers.next();
    switch (numbers.below(3)) {
      case 0: {
        // Often extreme, and then mostly the likely value.
        const auto p = static_cast<std::uint32_t>(numbers.below(4) == 0 ? 1 + numbers.below(65535) : 65535);
        sum = sum * 31 + (coder.bit((value & 0xff) != 0, p) ? 1 : 0);
        break;
      }
      case 1: {
        const auto bits = static_cast<unsigned>(1 + numbers.below(16));
        sum = sum * 31 + coder.flat(static_cast<std::uint32_t>(value & ((1U << bits) - 1)), bits);
        break;
      }
      default: {
        std::array<std::uint16_t, 16> below{};
        for (std::size_t s = 0; s < 16; ++s) below[s] = static_cast<std::uint16_t>(s + 1);
        const std::size_t common = numbers.below(16);
        for (std::size_t s = common; s < 16; ++s) below[s] = static_cast<std::uint16_t>(16384 - 15 + s);
        sum = sum * 31 + coder.nibble(static_cast<unsigned>(value & 15), below.data());
      }
    }
  }
  return sum;
}

TEST(RangeCoder, GivesBackWhatWasCoded) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Bytes bytes = {7};
    RangeEncoder encoder(bytes);
    const std::uint64_t coded = code_events(encoder, seed, seed * 3);
    encoder.finish();
    ASSERT_EQ(bytes[0], 7);
    RangeDecoder decoder(ByteView(bytes).subspan(1));
    ASSERT_EQ(code_events(decoder, seed, seed * 3), coded) << seed;
  }
}

TEST(RangeCoder, CarriesThroughBytesAlreadyWritten) {
  // Always the upper end of the range: the low end creeps up to all ones and overflows in the end.
  for (int tail = 1; tail < 40; ++tail) {
    Bytes bytes;
    RangeEncoder encoder(bytes);
    for (int i = 0; i < 200; ++i) encoder.bit(false, 1);
    for (int i = 0; i < tail; ++i) encoder.flat(0xffff, 16);
    encoder.finish();
    RangeDecoder decoder(bytes);
    for (int i = 0; i < 200; ++i) ASSERT_FALSE(decoder.bit(true, 1));
    for (int i = 0; i < tail; ++i) ASSERT_EQ(decoder.flat(0, 16), 0xffffU);
  }
}

TEST(RangeCoder, LikelyEventsCostNothing) {
  Bytes bytes;
  RangeEncoder encoder(bytes);
  for (int i = 0; i < 50; ++i) encoder.bit(true, 65000);
  encoder.finish();
  EXPECT_LE(bytes.size(), 1U);
}

}  // namespace
}  // namespace railgun::delta
