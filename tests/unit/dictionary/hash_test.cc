#include "railgund/dictionary/hash.h"

#include <gtest/gtest.h>

#include "railgund/base/text.h"

namespace railgun::dictionary {
namespace {

// FIPS 180-4's example.
TEST(Hash, IsSha256) {
  EXPECT_EQ(to_hex(hash_of(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RunningHash, IsThatOfAllPieces) {
  RunningHash hash;
  hash.add(as_bytes("a"));
  hash.add({});
  hash.add(as_bytes("bc"));
  EXPECT_EQ(hash.finish(), hash_of(as_bytes("abc")));
}

}  // namespace
}  // namespace railgun::dictionary
