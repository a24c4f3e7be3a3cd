#include "railgund/delta/starting_text.h"

#include <gtest/gtest.h>

#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/delta/decoder.h"
#include "railgund/delta/encoder.h"

namespace railgun::delta {
namespace {

// Ends in use have this text: another one needs a feature bit of its own (doc/PROTOCOL.md, "Greeting").
TEST(StartingText, NeverChanges) {
  EXPECT_EQ(starting_text()->size(), 44638U);
  EXPECT_EQ(starting_text()->hash(), 0x1ec9e9e523af1b0dU);
}

TEST(StartingText, HalvesAPageThatIsTheFirstOfItsSite) {
  const std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Harbour</title>\n"
      "<link rel=\"stylesheet\" href=\"/static/harbour.css\">\n</head>\n<body class=\"login\">\n"
      "<form action=\"/login/\" method=\"post\" id=\"login-form\"><input type=\"hidden\" name=\"token\" "
      "value=\"kQ3\">\n"
      "<label for=\"id_username\">Username:</label> <input type=\"text\" name=\"username\" autofocus required>\n"
      "<label for=\"id_password\">Password:</label> <input type=\"password\" name=\"password\" required>\n"
      "<input type=\"submit\" value=\"Log in\"></form>\n</body>\n</html>\n";
  const Bytes alone = encode(nullptr, as_bytes(page));
  for (const Effort effort : {Effort::kFast, Effort::kStrong}) {
    const Bytes coded = encode(starting_text(), as_bytes(page), {.effort = effort});
    EXPECT_LT(2 * coded.size(), alone.size());
    EXPECT_EQ(as_text(decode(starting_text(), coded).value()), page);
  }
}

}  // namespace
}  // namespace railgun::delta
