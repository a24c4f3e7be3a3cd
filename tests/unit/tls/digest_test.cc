#include "railgund/tls/digest.h"

#include <gtest/gtest.h>

#include "railgund/base/hash.h"
#include "railgund/base/text.h"

namespace railgun::tls {
namespace {

// FIPS 180-2, appendix B.1.
TEST(Sha256, OfThreeLetters) {
  EXPECT_EQ(to_hex(ByteView(sha256(as_bytes("abc")))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace railgun::tls
