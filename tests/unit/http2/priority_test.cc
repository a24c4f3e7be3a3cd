#include "railgund/http2/priority.h"

#include <gtest/gtest.h>

namespace railgun::http2 {
namespace {

std::string parsed(std::string_view value) {
  const auto priority = parse_priority(value);
  if (!priority) return "bad";
  return std::to_string(priority->urgency) + (priority->incremental ? " i" : "");
}

TEST(Http2Priority, ReadsUrgencyAndTurns) {
  EXPECT_EQ(parsed(""), "3");
  EXPECT_EQ(parsed("u=0"), "0");
  EXPECT_EQ(parsed("u=7, i"), "7 i");
  EXPECT_EQ(parsed("i, u=1"), "1 i");
  EXPECT_EQ(parsed("i=?1"), "3 i");
  EXPECT_EQ(parsed("i=?0"), "3");
  EXPECT_EQ(parsed(" u=5 ,\ti "), "5 i");
  EXPECT_EQ(parsed("u=1, u=2"), "2");  // the last one counts (RFC 8941 3.2)
}

TEST(Http2Priority, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(parsed("u=8"), "3");
  EXPECT_EQ(parsed("u=-1"), "3");
  EXPECT_EQ(parsed("u=\"1\""), "3");
  EXPECT_EQ(parsed("i=1"), "3");
  EXPECT_EQ(parsed("u=2;x=\"a,b\";y, zz=tok, i;q"), "2 i");
  EXPECT_EQ(parsed("x=\"a\\\"b\", u=4"), "4");
}

TEST(Http2Priority, ChangesNothingIfMalformed) {
  for (const char* value : {"u=1,", "u=", "=1", "u=1 i", "u=1,,i", "U=1", "u=1;", "x=\"open", "x=\"open\\"})
    EXPECT_EQ(parsed(value), "bad") << value;
  Priority priority{.urgency = 6, .incremental = true};
  EXPECT_FALSE(apply_priority("u=1,", priority));
  EXPECT_EQ(priority, (Priority{.urgency = 6, .incremental = true}));
}

TEST(Http2Priority, MergesWhatAnAnswerSays) {
  Priority priority{.urgency = 6, .incremental = true};
  EXPECT_TRUE(apply_priority("u=1", priority));
  EXPECT_EQ(priority, (Priority{.urgency = 1, .incremental = true}));
}

}  // namespace
}  // namespace railgun::http2
