#include "railgund/libraries/versions.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

TEST(Libraries, NamesEachWithAVersion) {
  const std::string text = library_versions();
  for (const char* name : {"OpenSSL 3.", "libevent 2.", "nghttp2 1.", "zlib 1.", "zstd 1.", "brotli 1.", "xxHash 0.",
                           "Boost 1.", "nlohmann-json ", "CLI11 ", "compiler "}) {
    EXPECT_NE(text.find(name), std::string::npos) << name << " in " << text;
  }
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace railgun
