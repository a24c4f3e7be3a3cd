#include "railgund/tls/base64.h"

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

// The vectors of RFC 4648 10.
TEST(Base64, GoesThereAndBack) {
  constexpr std::pair<const char*, const char*> kVectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : kVectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    const auto back = from_base64(coded);
    ASSERT_TRUE(back.has_value()) << coded;
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Base64, PaddingMayBeMissing) { EXPECT_EQ(as_text(*from_base64("Zm8")), "fo"); }

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"Z", "Zm9v!", "Zm 9v", " Zm9v", "Z=m8", "Zm9v\n", "Zm9-"}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace railgun::tls
