#include "railgund/tunnel/frame_masks.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "railgund/base/bytes.h"

namespace railgun::tunnel {
namespace {

Bytes through(const Bytes& bytes, std::size_t step) {
  FrameMasks masks;
  Bytes done = bytes;
  for (std::size_t at = 0; at < done.size(); at += step)
    masks.apply(std::span(done).subspan(at, std::min(step, done.size() - at)));
  return done;
}

// RFC 6455 5.7: a masked "Hello", and a ping that is not masked.
const Bytes kMaskedHello{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
const Bytes kPlainHello{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 'H', 'e', 'l', 'l', 'o'};

TEST(FrameMasks, AreTakenFromPayloadsAndPutBack) {
  EXPECT_EQ(through(kMaskedHello, 100), kPlainHello);
  EXPECT_EQ(through(kPlainHello, 100), kMaskedHello);
}

TEST(FrameMasks, AreTheSameHoweverTheBytesAreSplit) {
  // Lengths of 7, 16 and 64 bits, an empty frame between, and frames without masks.
  Bytes frames = kMaskedHello;
  append(frames, Bytes{0x89, 0x80, 1, 2, 3, 4});
  append(frames, Bytes{0x82, 0xfe, 0x00, 0x7e, 9, 8, 7, 6});
  frames.insert(frames.end(), 126, 0x55);
  append(frames, Bytes{0x01, 0x03, 'a', 'b', 'c'});
  append(frames, Bytes{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0x01, 0x00, 0xf0, 0x0f, 0x33, 0xcc});
  frames.insert(frames.end(), 256, 0xaa);
  append(frames, kMaskedHello);
  const Bytes whole = through(frames, frames.size());
  EXPECT_NE(whole, frames);
  EXPECT_TRUE(std::equal(kPlainHello.begin(), kPlainHello.end(), whole.begin()));
  EXPECT_TRUE(std::equal(kPlainHello.rbegin(), kPlainHello.rend(), whole.rbegin()));
  for (std::size_t step = 1; step < 20; ++step) {
    EXPECT_EQ(through(frames, step), whole) << step;
    EXPECT_EQ(through(whole, step), frames) << step;
  }
}

TEST(FrameMasks, LeaveFramesOfServersAsTheyAre) {
  const Bytes frames{0x81, 0x05, 'H', 'e', 'l', 'l', 'o', 0x8a, 0x00};
  EXPECT_EQ(through(frames, 3), frames);
}

TEST(FrameMasks, ComeBackForBytesThatAreNoFrames) {
  std::uint32_t random = 7;
  for (int round = 0; round < 200; ++round) {
    Bytes bytes(300);
    for (std::uint8_t& byte : bytes) {
      random = random * 1664525 + 1013904223;
      byte = static_cast<std::uint8_t>(random >> 24);
    }
    EXPECT_EQ(through(through(bytes, 17), 5), bytes);
  }
  // The longest length there is.
  Bytes endless{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};
  endless.insert(endless.end(), 100, 0);
  EXPECT_EQ(through(through(endless, 9), 4), endless);
}

}  // namespace
}  // namespace railgun::tunnel
