#include "railgund/statistics/page.h"

#include <gtest/gtest.h>

namespace railgun::statistics {
namespace {

std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(StatisticsPage, IsWhole) {
  EXPECT_TRUE(page().starts_with("<!doctype html>"));
  EXPECT_TRUE(page().ends_with("</html>\n"));
}

// The policy lets one script and one style pass, and no attribute that is either.
TEST(StatisticsPage, HasOneScriptAndOneStyle) {
  EXPECT_EQ(occurrences(page(), "<script"), 1U);
  EXPECT_EQ(occurrences(page(), "<style"), 1U);
  EXPECT_EQ(occurrences(page(), " style="), 0U);
  EXPECT_EQ(occurrences(page(), " onclick="), 0U);
  EXPECT_EQ(occurrences(page(), "innerHTML"), 0U);
}

TEST(StatisticsPage, TakesNothingFromElsewhere) {
  EXPECT_EQ(occurrences(page(), "https://"), 0U);
  // The names of SVG are no addresses.
  EXPECT_EQ(occurrences(page(), "http://"), occurrences(page(), "http://www.w3.org/2000/svg"));
  const std::string& policy = page_policy();
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'sha256-"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(occurrences(policy, "'sha256-"), 2U);
}

}  // namespace
}  // namespace railgun::statistics
