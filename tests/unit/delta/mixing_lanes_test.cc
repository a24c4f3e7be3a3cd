#include "railgund/delta/mixing_lanes.h"

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace railgun::delta::mixing {
namespace {

TEST(MixingLanes, DotIsTheSumOfInputsTimesBothWeights) {
  Weights a;
  Weights b;
  a.lane[0] = 100;
  b.lane[0] = 20;
  a.lane[15] = -7;
  const Inputs inputs = {pack(2, 0, 0, 0), 0, 0, pack(0, 0, 0, -3)};
  EXPECT_EQ(dot(inputs, a, b), 2 * 120 + -3 * -7);
}

TEST(MixingLanes, WeightsAddedStayWithinSixteenBits) {
  Weights a;
  Weights b;
  a.lane[3] = 30000;
  b.lane[3] = 30000;
  EXPECT_EQ(dot({pack(0, 0, 0, 2047), 0, 0, 0}, a, b), 2047 * 32767);
}

TEST(MixingLanes, TrainingMovesBothWeightsByTheRoundedProduct) {
  Weights a;
  Weights b;
  b.lane[1] = 5;
  train({pack(0, 1000, -1000, 2047), 0, 0, 0}, 100, a, b);
  // 2 x 1000 x 100 / 65536 = 3.05; 2 x 2047 x 100 / 65536 = 6.25
  EXPECT_EQ(a.lane[1], 3);
  EXPECT_EQ(b.lane[1], 8);
  EXPECT_EQ(a.lane[2], -3);
  EXPECT_EQ(a.lane[3], 6);
  EXPECT_EQ(a.lane[0], 0);
}

TEST(MixingLanes, VectorsAndPortableCodeGiveTheSameNumbers) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> word(-32768, 32767);
  std::uniform_int_distribution<int> stretched(-2047, 2047);
  for (int round = 0; round < 20000; ++round) {
    Weights a;
    Weights b;
    Inputs inputs;
    for (auto& lane : a.lane) lane = static_cast<std::int16_t>(word(random));
    for (auto& lane : b.lane) lane = static_cast<std::int16_t>(word(random));
    for (auto& four : inputs) {
      four = pack(stretched(random), stretched(random), stretched(random), stretched(random));
    }
    ASSERT_EQ(dot(inputs, a, b), portable::dot(inputs, a, b));
    Weights same_a = a;
    Weights same_b = b;
    const int error = word(random);
    train(inputs, error, a, b);
    portable::train(inputs, error, same_a, same_b);
    ASSERT_EQ(a.lane, same_a.lane);
    ASSERT_EQ(b.lane, same_b.lane);
  }
}

}  // namespace
}  // namespace railgun::delta::mixing
