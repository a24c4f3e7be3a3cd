#include "railgund/link/frame_codec.h"

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

TEST(FrameHeader, OrdinaryFramesTakeThreeBytes) {
  std::uint32_t previous = 1'000'000;
  Bytes bytes;
  encode_header({.type = 2, .flags = kFlagEnd, .stream = 1'000'001, .payload_bytes = 100}, previous, bytes);
  EXPECT_EQ(bytes, (Bytes{0x12, 0x02, 100}));
  EXPECT_EQ(previous, 1'000'001U);
}

}  // namespace
}  // namespace railgun::link
