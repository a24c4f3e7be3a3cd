#include "railgund/base/field.h"

#include <gtest/gtest.h>

namespace railgun {
namespace {

TEST(Fields, AreFoundWithoutRegardToCase) {
  Fields fields{{"Host", "a"}, {"Cookie", "x"}, {"cookie", "y"}};
  EXPECT_EQ(field_value(fields, "HOST"), "a");
  EXPECT_EQ(count_fields(fields, "Cookie"), 2U);
  EXPECT_EQ(find_field(fields, "Accept"), nullptr);
  set_field(fields, "COOKIE", "z");
  EXPECT_EQ(fields, (Fields{{"Host", "a"}, {"Cookie", "z"}}));
  remove_fields(fields, "host");
  EXPECT_EQ(fields_bytes(fields), 7U);
}

TEST(Fields, KnowsWhatAGatewayTakesForAnotherName) {
  EXPECT_EQ(gateway_name("X_Forwarded.For"), "x-forwarded-for");
  EXPECT_TRUE(is_look_alike_of("Content_Length", "content-length"));
  EXPECT_TRUE(is_look_alike_of("CONTENT.LENGTH", "Content-Length"));
  EXPECT_FALSE(is_look_alike_of("CONTENT-LENGTH", "Content-Length"));
  EXPECT_FALSE(is_look_alike_of("Content-Lengths", "Content-Length"));
}

}  // namespace
}  // namespace railgun
