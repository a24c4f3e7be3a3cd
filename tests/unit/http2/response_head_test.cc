#include "railgund/http2/response_head.h"

#include <gtest/gtest.h>

namespace railgun::http2 {
namespace {

std::string written(unsigned status, const Fields& fields, const http::BodyLength& length = {},
                    bool is_tunnel = false) {
  const ResponseHead head(status, fields, length, is_tunnel);
  std::string text;
  for (const FieldView& field : head.fields())
    text += "[" + std::string(field.name) + "=" + std::string(field.value) + "]";
  return text;
}

TEST(Http2ResponseHead, BeginsWithTheStatusAndEndsWithTheLength) {
  EXPECT_EQ(written(200, {{"Server", "x"}}, {http::BodyLength::Kind::kKnown, 12}),
            "[:status=200][Server=x][content-length=12]");
  EXPECT_EQ(written(527, {}, {http::BodyLength::Kind::kChunked, 0}), "[:status=527]");
}

TEST(Http2ResponseHead, LeavesOutWhatHttp2DoesNotAllow) {
  EXPECT_EQ(written(200, {{"Connection", "close"},
                          {"Keep-Alive", "5"},
                          {"Transfer-Encoding", "chunked"},
                          {"Upgrade", "h2c"},
                          {"Content-Length", "7"},
                          {"bad name", "x"},
                          {"bad", "x\r\ny"},
                          {"Good", " kept "}}),
            "[:status=200][Good=kept]");
}

TEST(Http2ResponseHead, LeavesOutTheAnswerToAWebSocketsKey) {
  const Fields fields{{"Sec-WebSocket-Accept", "x"}, {"Sec-WebSocket-Protocol", "chat"}};
  EXPECT_EQ(written(200, fields, {}, true), "[:status=200][Sec-WebSocket-Protocol=chat]");
  EXPECT_EQ(written(400, fields), "[:status=400][Sec-WebSocket-Accept=x][Sec-WebSocket-Protocol=chat]");
}

}  // namespace
}  // namespace railgun::http2
