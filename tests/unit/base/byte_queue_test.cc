#include "railgund/base/byte_queue.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

TEST(ByteQueue, TrimmedHoldsTheSameBytes) {
  ByteQueue queue;
  queue.append(Bytes(100'000, 'a'));
  queue.append(as_bytes("bc"));
  queue.consume(99'999);
  queue.trim();
  EXPECT_EQ(as_text(queue.view()), "abc");
  queue.append(as_bytes("d"));
  queue.trim();
  queue.consume(1);
  EXPECT_EQ(as_text(queue.view()), "bcd");
  queue.consume(3);
  queue.trim();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace railgun
