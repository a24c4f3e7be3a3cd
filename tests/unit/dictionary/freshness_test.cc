#include "railgund/dictionary/freshness.h"

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

const std::string kKept = "private, max-age=0, stale-while-revalidate=86400";

std::string made(const std::string& control) {
  Fields fields = {{"Cache-Control", control}, {"Pragma", "no-cache"}, {"Expires", "0"}};
  if (!make_keepable(fields)) return "";
  return std::string(field_value(fields, "cache-control")) + (fields.size() == 1 ? "" : " and more");
}

TEST(MakeKeepable, HasThePageAskedForEachTime) {
  for (const char* control : {"no-cache", "private, must-revalidate, max-age=0", "max-age=0", "public, no-cache"})
    EXPECT_EQ(made(control), kKept) << control;
  EXPECT_EQ(made("no-cache, no-transform"), kKept + ", no-transform");
  Fields none;
  EXPECT_TRUE(make_keepable(none));
  EXPECT_EQ(none, (Fields{{"cache-control", kKept}}));
}

TEST(MakeKeepable, LeavesTheOriginsFreshness) { EXPECT_EQ(made("public, max-age=60"), "public, max-age=60 and more"); }

TEST(MakeKeepable, LeavesWhatMayNotBeKept) {
  EXPECT_EQ(made("no-store"), "");
  EXPECT_EQ(made("private, no-store, max-age=0"), "");
  EXPECT_EQ(made("public, s-maxage=60"), "");
}

}  // namespace
}  // namespace railgun::dictionary
