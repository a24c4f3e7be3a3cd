#include "railgund/http/date.h"

#include <gtest/gtest.h>

namespace railgun::http {
namespace {

TEST(Date, IsWrittenInTheOneFormThatMayBeSent) {
  using namespace std::chrono;
  EXPECT_EQ(date_text(WallTime{seconds(784111777)}), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110 5.6.7
  EXPECT_EQ(date_text(WallTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_text(sys_days{2028y / February / 29} + 23h + 59min + 59s), "Tue, 29 Feb 2028 23:59:59 GMT");
}

}  // namespace
}  // namespace railgun::http
