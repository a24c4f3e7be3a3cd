#include "railgund/coding/coding.h"

#include <gtest/gtest.h>

namespace railgun::coding {
namespace {

TEST(Coding, HasTheNamesOfTheRegistry) {
  EXPECT_EQ(name_of(Coding::kIdentity), "identity");
  EXPECT_EQ(name_of(Coding::kGzip), "gzip");
  EXPECT_EQ(name_of(Coding::kBrotli), "br");
  EXPECT_EQ(name_of(Coding::kZstd), "zstd");
}

TEST(Coding, IsReadInAnyCase) {
  EXPECT_EQ(coding_of("GZip"), Coding::kGzip);
  EXPECT_EQ(coding_of("X-GZIP"), Coding::kGzip);
  EXPECT_EQ(coding_of("br"), Coding::kBrotli);
  EXPECT_EQ(coding_of("ZSTD"), Coding::kZstd);
  EXPECT_EQ(coding_of("identity"), Coding::kIdentity);
  EXPECT_EQ(coding_of("deflate"), std::nullopt);
  EXPECT_EQ(coding_of(""), std::nullopt);
}

}  // namespace
}  // namespace railgun::coding
