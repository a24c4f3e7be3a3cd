#include "railgund/dictionary/dictionary.h"

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

TEST(Dictionary, IsPreparedOnRequest) {
  const Bytes text(10'000, 'x');
  const Dictionary once(text, hash_of(text));
  const Dictionary many(text, hash_of(text), 3);
  EXPECT_EQ(once.prepared(), nullptr);
  EXPECT_NE(many.prepared(), nullptr);
  EXPECT_GE(once.memory_bytes(), text.size());
  EXPECT_GE(many.memory_bytes(), 2 * text.size());
}

TEST(Dictionary, IsNoTrainedOne) {
  EXPECT_TRUE(Dictionary::is_possible({}));
  EXPECT_TRUE(Dictionary::is_possible(as_bytes("<!doctype html>")));
  EXPECT_TRUE(Dictionary::is_possible(Bytes{0x37, 0xa4, 0x30}));
  EXPECT_FALSE(Dictionary::is_possible(Bytes{0x37, 0xa4, 0x30, 0xec, 1}));
}

}  // namespace
}  // namespace railgun::dictionary
