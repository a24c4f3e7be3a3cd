#include "railgund/delta/format.h"

#include <gtest/gtest.h>

namespace railgun::delta {
namespace {

Bytes encoded(const WindowHead& head) {
  Bytes bytes;
  encode_window_head(head, bytes);
  return bytes;
}

TEST(WindowHead, IsWrittenAsDocumented) {
  EXPECT_EQ(encoded({.tier = Tier::kStored, .last = true, .payload_bytes = 2, .check = 0x01020304}),
            (Bytes{0x21, 2, 1, 2, 3, 4}));
  EXPECT_EQ(encoded({.tier = Tier::kZstd, .continues = true, .payload_bytes = 300, .check = 5}),
            (Bytes{0x26, 0xac, 0x02, 0, 0, 0, 5}));
  EXPECT_EQ(encoded({.tier = Tier::kFast, .last = true, .payload_bytes = 4144, .check = 5}),
            (Bytes{0x29, 0xb0, 0x20, 0, 0, 0, 5}));
}

TEST(WindowHead, ComesBackAndAsksForMoreWhenCutShort) {
  for (const Tier tier : {Tier::kStored, Tier::kZstd, Tier::kFast, Tier::kStrong}) {
    for (const std::size_t length : {0, 1, 127, 128, 16383, 16384, 100000}) {
      for (const unsigned flags : {0U, 1U, 2U, 3U}) {
        const WindowHead head{.tier = tier,
                              .continues = (flags & 2) != 0,
                              .last = (flags & 1) != 0,
                              .payload_bytes = length,
                              .check = 0xdeadbeef};
        const Bytes bytes = encoded(head);
        ASSERT_LE(bytes.size(), kMaxHeadBytes);
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
          const auto parsed = decode_window_head(ByteView(bytes).first(cut));
          ASSERT_TRUE(parsed.has_value());
          EXPECT_FALSE(parsed->has_value());
        }
        const auto parsed = decode_window_head(bytes);
        ASSERT_TRUE(parsed.has_value() && parsed->has_value());
        EXPECT_EQ((*parsed)->head_bytes, bytes.size());
        EXPECT_EQ((*parsed)->head.tier, head.tier);
        EXPECT_EQ((*parsed)->head.continues, head.continues);
        EXPECT_EQ((*parsed)->head.last, head.last);
        EXPECT_EQ((*parsed)->head.payload_bytes, head.payload_bytes);
        EXPECT_EQ((*parsed)->head.check, head.check);
      }
    }
  }
}

TEST(WindowHead, ALengthThatIsNoNumberIsMalformed) {
  Bytes bytes = {0x21};
  bytes.insert(bytes.end(), 10, 0xff);
  bytes.insert(bytes.end(), 4, 0);
  EXPECT_EQ(decode_window_head(bytes).error().code, Errc::kMalformed);
  // Not the shortest form of 0.
  EXPECT_EQ(decode_window_head(Bytes{0x21, 0x80, 0x00, 0, 0, 0, 0}).error().code, Errc::kMalformed);
}

TEST(CompactHead, IsWrittenAsDocumentedAndComesBack) {
  for (const Tier tier : {Tier::kFast, Tier::kStrong}) {
    for (const std::size_t payload_bytes : {0, 1, 15, 16, 17, 5000}) {
      const WindowHead head{.tier = tier, .last = true, .payload_bytes = payload_bytes, .check = 0xdeadbeef};
      Bytes bytes;
      encode_compact_head(head, bytes);
      const unsigned first = tier == Tier::kFast ? 0x80 : 0xc0;
      if (payload_bytes < 16) {
        EXPECT_EQ(bytes, (Bytes{static_cast<std::uint8_t>(first | 0x3e), 0xef}));
      } else {
        EXPECT_EQ(bytes, (Bytes{static_cast<std::uint8_t>(first | 0x2d), 0xbe, 0xef}));
      }
      EXPECT_TRUE(begins_compact(bytes[0]));
      const std::size_t head_bytes = bytes.size();
      bytes.resize(head_bytes + payload_bytes);
      const auto back = decode_compact_head(bytes);
      ASSERT_TRUE(back.has_value());
      EXPECT_EQ(back->head_bytes, head_bytes);
      EXPECT_EQ(back->head.tier, tier);
      EXPECT_TRUE(back->head.last);
      EXPECT_FALSE(back->head.continues);
      EXPECT_EQ(back->head.payload_bytes, payload_bytes);
      EXPECT_EQ(back->head.check, head.check & compact_check_mask(payload_bytes));
    }
  }
  EXPECT_EQ(decode_compact_head(Bytes{0x80}).error().code, Errc::kMalformed);
}

TEST(CompactHead, IsForTheOnlyWindowOfAWalk) {
  EXPECT_FALSE(is_compact({.tier = Tier::kFast, .last = true}, false));
  EXPECT_FALSE(is_compact({.tier = Tier::kFast, .last = false}, true));
  EXPECT_FALSE(is_compact({.tier = Tier::kStored, .last = true}, true));
  EXPECT_FALSE(is_compact({.tier = Tier::kZstd, .last = true}, true));
}

TEST(CheckChain, DependsOnReferenceOrderTierAndBytes) {
  const Bytes page = {1, 2, 3};
  const WindowHead head{.tier = Tier::kFast};
  const std::uint32_t check = CheckChain(7).next(page, head);
  EXPECT_EQ(CheckChain(7).next(page, head), check);
  EXPECT_NE(CheckChain(8).next(page, head), check);
  EXPECT_NE(CheckChain(7).next(page, {.tier = Tier::kStrong}), check);
  EXPECT_NE(CheckChain(7).next(Bytes{1, 2, 4}, head), check);
  CheckChain chain(7);
  chain.next(page, head);
  EXPECT_NE(chain.next(page, head), check);
}

TEST(WalkAllowance, GrowsWithThePage) {
  WalkAllowance walks;
  EXPECT_TRUE(walks.may_begin(0));
  walks.begin();
  EXPECT_TRUE(walks.may_begin(0));
  walks.begin();
  EXPECT_FALSE(walks.may_begin(16383));
  EXPECT_TRUE(walks.may_begin(16384));
}

}  // namespace
}  // namespace railgun::delta
