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

TEST(IsFreshForEverybody, IsWhatASharedCacheMayGiveToAll) {
  EXPECT_TRUE(is_fresh_for_everybody({{"Cache-Control", "max-age=60"}}));
  EXPECT_TRUE(is_fresh_for_everybody({{"Cache-Control", "public"}, {"Cache-Control", "max-age=60, immutable"}}));
  EXPECT_TRUE(is_fresh_for_everybody({{"Cache-Control", "max-age=60"}, {"Vary", "Accept-Encoding"}}));
  EXPECT_FALSE(is_fresh_for_everybody({}));
  for (const char* control : {"", "max-age", "max-age=0", "max-age=x", "s-maxage=60", "max-age=60, private",
                              "max-age=60, no-store", "no-cache, max-age=60", "private=\"x\", max-age=60"})
    EXPECT_FALSE(is_fresh_for_everybody({{"Cache-Control", control}})) << control;
  for (const char* vary : {"*", "Accept-Encoding, Cookie", "authorization"})
    EXPECT_FALSE(is_fresh_for_everybody({{"Cache-Control", "max-age=60"}, {"Vary", vary}})) << vary;
  EXPECT_FALSE(is_fresh_for_everybody({{"Cache-Control", "max-age=60"}, {"Set-Cookie", "a=b"}}));
}

}  // namespace
}  // namespace railgun::dictionary
