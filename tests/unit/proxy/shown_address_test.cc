#include "railgund/proxy/shown_address.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using config::LogQuery;

TEST(ShownAddress, IsTheWholeAddressUnlessASettingSaysOtherwise) {
  EXPECT_EQ(shown_address("/a?token=secret&b", LogQuery::kAll), "/a?token=secret&b");
  for (const LogQuery query : {LogQuery::kAll, LogQuery::kNames, LogQuery::kNone}) {
    EXPECT_EQ(shown_address("", query), "");
    EXPECT_EQ(shown_address("/a/b", query), "/a/b");
    EXPECT_EQ(shown_address("/a?", query), "/a?");
    EXPECT_EQ(shown_address("*", query), "*");
  }
}

TEST(ShownAddress, WithoutItsQueryEndsWithItsPath) {
  EXPECT_EQ(shown_address("/a?token=secret", LogQuery::kNone), "/a?*");
  EXPECT_EQ(shown_address("https://site.test/a?x?y=secret", LogQuery::kNone), "https://site.test/a?*");
}

TEST(ShownAddress, WithNamesShowsNoValue) {
  EXPECT_EQ(shown_address("/a?token=secret&page=2", LogQuery::kNames), "/a?token=*&page=*");
  EXPECT_EQ(shown_address("/a?one=1;two=", LogQuery::kNames), "/a?one=*;two=*");
  EXPECT_EQ(shown_address("/a?secret", LogQuery::kNames), "/a?*");
  EXPECT_EQ(shown_address("/a?secret&&x==secret&", LogQuery::kNames), "/a?*&&x=*&");
  EXPECT_EQ(shown_address("/a?b=http://c/?secret=d", LogQuery::kNames), "/a?b=*");
}

}  // namespace
}  // namespace railgun::proxy
