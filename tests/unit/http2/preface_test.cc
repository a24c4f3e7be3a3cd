#include "railgund/http2/preface.h"

#include <gtest/gtest.h>

namespace railgun::http2 {
namespace {

TEST(Http2Preface, TellsHttp2FromHttp1AtAnyCut) {
  for (std::size_t count = 0; count < kPreface.size(); ++count)
    EXPECT_EQ(judge_opening(as_bytes(kPreface.substr(0, count))), Opening::kPart) << count;
  EXPECT_EQ(judge_opening(as_bytes(kPreface)), Opening::kHttp2);
  EXPECT_EQ(judge_opening(as_bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore")), Opening::kHttp2);
  for (const char* text : {"GET / HTTP/1.1", "PRI * HTTP/1.1\r\n", "PUT", "PRI * HTTP/2.0\r\n\r\nSX"})
    EXPECT_EQ(judge_opening(as_bytes(text)), Opening::kHttp1) << text;
}

}  // namespace
}  // namespace railgun::http2
