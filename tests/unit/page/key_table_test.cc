#include "railgund/page/key_table.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }
const Id128 kKey = name("key");

TEST(KeyTable, KeepsTheLatestTwoWhateverOrderTheyComeIn) {
  KeyTable table;
  EXPECT_FALSE(table.latest(kKey));
  EXPECT_FALSE(table.add(kKey, {name("b"), 20}).is_older);
  const auto older = table.add(kKey, {name("a"), 10});
  EXPECT_TRUE(older.is_older);
  EXPECT_FALSE(older.replaced);
  EXPECT_EQ(table.latest(kKey), name("b"));
  const auto newer = table.add(kKey, {name("c"), 30});
  EXPECT_FALSE(newer.is_older);
  EXPECT_EQ(newer.replaced, name("b"));
  table.forget(kKey, name("c"));
  EXPECT_EQ(table.latest(kKey), name("b"));
  table.forget(kKey, name("b"));
  EXPECT_FALSE(table.latest(kKey));
}

TEST(KeyTable, TakesTheSameOnceMoreForTheLatest) {
  KeyTable table;
  table.add(kKey, {name("a"), 10});
  EXPECT_FALSE(table.add(kKey, {name("a"), 30}).replaced);
  EXPECT_TRUE(table.add(kKey, {name("b"), 20}).is_older);
  EXPECT_EQ(table.latest(kKey), name("a"));
}

TEST(KeyTable, GivesKinUpToAsManyAsAreWanted) {
  KeyTable table;
  table.add_kin(kKey, name("a"), MediaClass::kPage, std::nullopt);
  table.add_older_kin(kKey, name("b"), MediaClass::kPage);
  EXPECT_EQ(table.kin(kKey, MediaClass::kPage, 4), (std::vector{name("a"), name("b")}));
  EXPECT_EQ(table.kin(kKey, MediaClass::kPage, 1), std::vector{name("a")});
  table.forget_kin(kKey, name("a"));
  table.forget_kin(kKey, name("b"));
  EXPECT_TRUE(table.kin(kKey, MediaClass::kPage, 4).empty());
}

}  // namespace
}  // namespace railgun::page
