#include "railgund/proxy/access_record.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using config::AccessFormat;
using std::chrono::microseconds;

constexpr WallTime kTime{std::chrono::seconds(1'000'000'007)};  // 2001-09-09 01:46:47 UTC

AccessRecord record() {
  return {.client = "192.0.2.1",
          .method = "GET",
          .host = "a.example",
          .target = "/p?q=1",
          .referer = "https://b.example/",
          .user_agent = "browser/1.0",
          .id = "151df128a1",
          .is_secure = true,
          .status = 200,
          .is_complete = true,
          .body_bytes = 21845,
          .way = AccessRecord::Way::kDelta,
          .page_bytes = 92516,
          .link_bytes = 145,
          .total = microseconds(1'012'345),
          .link = microseconds(40'000),
          .origin = microseconds(9'465)};
}

TEST(AccessLine, IsCombinedAsOtherServersWriteIt) {
  EXPECT_EQ(access_line(record(), AccessFormat::kCombined, kTime),
            "192.0.2.1 - - [09/Sep/2001:01:46:47 +0000] \"GET /p?q=1 HTTP/1.1\" 200 21845 \"https://b.example/\" "
            "\"browser/1.0\"");
  AccessRecord bare = record();
  bare.referer = bare.user_agent = "";
  bare.minor_version = 0;
  EXPECT_EQ(access_line(bare, AccessFormat::kCombined, kTime),
            "192.0.2.1 - - [09/Sep/2001:01:46:47 +0000] \"GET /p?q=1 HTTP/1.0\" 200 21845 \"-\" \"-\"");
}

TEST(AccessLine, IsJsonWithThePairsNumbers) {
  EXPECT_EQ(access_line(record(), AccessFormat::kJson, kTime),
            R"({"time":"2001-09-09T01:46:47Z","id":"151df128a1","client":"192.0.2.1","scheme":"https",)"
            R"("protocol":"HTTP/1.1","method":"GET","host":"a.example","target":"/p?q=1","status":200,"complete":true,)"
            R"("bytes":21845,"referer":"https://b.example/","user_agent":"browser/1.0","seconds":1.012345,)"
            R"("way":"delta","page_bytes":92516,"origin_seconds":0.009465,"link_bytes":145,"link_seconds":0.040000,)"
            R"("ratio_percent":0.15})");
}

TEST(AccessLine, OfAnAnswerWithoutALinkSaysNothingOfOne) {
  AccessRecord other = record();
  other.way = AccessRecord::Way::kDirect;
  other.major_version = 2;
  const std::string direct = access_line(other, AccessFormat::kJson, kTime);
  EXPECT_TRUE(direct.ends_with(R"("way":"direct","page_bytes":92516,"origin_seconds":0.009465})")) << direct;
  EXPECT_NE(direct.find(R"("protocol":"HTTP/2.0")"), std::string::npos);
  other.way = AccessRecord::Way::kOwn;
  const std::string own = access_line(other, AccessFormat::kJson, kTime);
  EXPECT_TRUE(own.ends_with(R"("seconds":1.012345,"way":"own"})")) << own;
}

// A client chooses these texts: none may end a line, a quotation or a string of JSON.
TEST(AccessLine, IsOneLineWhateverTheClientSent) {
  AccessRecord hostile = record();
  hostile.user_agent = "a\"b\\c\nd\x7f\xc3\xa9";
  EXPECT_TRUE(access_line(hostile, AccessFormat::kCombined, kTime).ends_with(R"("a\x22b\x5cc\x0ad\x7f\xc3\xa9")"));
  EXPECT_NE(access_line(hostile, AccessFormat::kJson, kTime)
                .find(R"("user_agent":"a\u0022b\u005cc\u000ad\u007f\u00c3\u00a9")"),
            std::string::npos);
}

}  // namespace
}  // namespace railgun::proxy
