#include "railgund/base/bytes.h"

#include <gtest/gtest.h>

#include "railgund/base/byte_queue.h"

namespace railgun {
namespace {

TEST(ByteReader, ReadsBigEndianFields) {
  const Bytes input{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 'a', 'b'};
  ByteReader in(input);
  EXPECT_EQ(in.u8(), 0x01);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u32(), 0x04050607U);
  EXPECT_EQ(as_text(in.rest()), "ab");
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.at_end());
}

TEST(ByteReader, GivesZerosPastTheEndAndStaysBad) {
  const Bytes input{0xff};
  ByteReader in(input);
  EXPECT_EQ(in.u16(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);
  EXPECT_FALSE(in.ok());
}

TEST(ByteReader, VarintsComeBackAtEveryWidth) {
  const std::uint64_t values[] = {0, 1, 127, 128, 16383, 16384, 0xffffffff, 1ULL << 62, ~0ULL};
  for (const std::uint64_t value : values) {
    Bytes bytes;
    ByteWriter(bytes).varint(value);
    ByteReader in(bytes);
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.ok() && in.at_end());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      ByteReader shorter(ByteView(bytes).first(cut));
      shorter.varint();
      EXPECT_FALSE(shorter.ok());
    }
  }
}

TEST(ByteReader, RefusesVarintsThatAreTooLongOrPadded) {
  for (const Bytes& bytes : {Bytes{0x80, 0x00}, Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
                             Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}}) {
    ByteReader in(bytes);
    in.varint();
    EXPECT_FALSE(in.ok());
  }
}

TEST(ByteQueue, GivesBackWhatWasAppendedInOrder) {
  ByteQueue queue;
  queue.append(as_bytes("hello "));
  queue.append(to_bytes(as_bytes("world")));
  queue.consume(3);
  Bytes taken;
  EXPECT_EQ(queue.take(taken, 5), 5U);
  EXPECT_EQ(as_text(taken), "lo wo");
  queue.append(as_bytes("!"));
  EXPECT_EQ(as_text(queue.view()), "rld!");
  EXPECT_EQ(as_text(queue.take_all()), "rld!");
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace railgun
