#include "railgund/page/kin.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }

using Ids = std::vector<Id128>;

TEST(KinVersions, KeepKindsOfContentApart) {
  KinVersions kin;
  kin.add(name("page"), MediaClass::kPage, std::nullopt);
  for (int i = 0; i < 100; ++i) kin.add(name("script" + std::to_string(i)), MediaClass::kScript, std::nullopt);
  EXPECT_EQ(kin.best(MediaClass::kPage).at(0), name("page"));
  // Nobody knows what is wanted: the first of each.
  EXPECT_EQ(kin.best(MediaClass::kUnknown).at(1), name("page"));
}

TEST(KinVersions, OfMadeUpNamesDoNotDisplacePages) {
  KinVersions kin;
  kin.add(name("page"), MediaClass::kPage, std::nullopt);
  for (int i = 0; i < 1000; ++i) kin.add(name("404 " + std::to_string(i)), MediaClass::kError, std::nullopt);
  EXPECT_EQ(kin.best(MediaClass::kPage).at(0), name("page"));
}

TEST(KinVersions, ThatAreOlderTakeEmptyPlaces) {
  KinVersions kin;
  for (const char* each : {"newest", "older", "oldest"}) kin.add_older(name(each), MediaClass::kPage);
  EXPECT_EQ(kin.best(MediaClass::kPage), (Ids{name("newest"), name("older")}));
  for (const MediaClass kind : {MediaClass::kStyle, MediaClass::kScript, MediaClass::kData, MediaClass::kFeed})
    kin.add_older(name("other"), kind);
  EXPECT_EQ(kin.best(MediaClass::kPage).at(0), name("newest"));
}

TEST(KinVersions, StayForAWhile) {
  KinVersions kin;
  kin.add(name("first"), MediaClass::kPage, std::nullopt);
  for (unsigned i = 0; i < KinVersions::kStays; ++i) {
    kin.add(name(std::to_string(i)), MediaClass::kPage, std::nullopt);
    kin.add(name(std::to_string(i)), MediaClass::kPage, std::nullopt);  // the same once more is no other
  }
  EXPECT_EQ(kin.best(MediaClass::kPage), (Ids{name("first"), name("15")}));
  kin.add(name("next"), MediaClass::kPage, std::nullopt);
  EXPECT_EQ(kin.best(MediaClass::kPage), (Ids{name("next"), name("first")}));
}

TEST(KinVersions, GiveWayToANewerVersionOfTheirPage) {
  KinVersions kin;
  kin.add(name("old"), MediaClass::kPage, std::nullopt);
  kin.add(name("new"), MediaClass::kPage, name("old"));
  EXPECT_EQ(kin.best(MediaClass::kPage), (Ids{name("new"), name("old")}));
}

TEST(KinVersions, AreBoundedByTheKindsThatWereAddedToLast) {
  KinVersions kin;
  kin.add(name("page"), MediaClass::kPage, std::nullopt);
  kin.add(name("style"), MediaClass::kStyle, std::nullopt);
  kin.add(name("script"), MediaClass::kScript, std::nullopt);
  kin.add(name("data"), MediaClass::kData, std::nullopt);
  kin.add(name("page 2"), MediaClass::kPage, std::nullopt);
  kin.add(name("feed"), MediaClass::kFeed, std::nullopt);
  const Ids all = kin.best(MediaClass::kUnknown);
  EXPECT_EQ(all, (Ids{name("feed"), name("page"), name("data"), name("script"), name("page 2")}));
}

TEST(KinVersions, ForgetWhatHasLeft) {
  KinVersions kin;
  kin.add(name("1"), MediaClass::kPage, std::nullopt);
  kin.add(name("2"), MediaClass::kPage, std::nullopt);
  EXPECT_FALSE(kin.forget(name("1")));
  EXPECT_EQ(kin.best(MediaClass::kPage), Ids{name("2")});
  EXPECT_FALSE(kin.forget(name("3")));
  EXPECT_TRUE(kin.forget(name("2")));
  EXPECT_TRUE(kin.best(MediaClass::kPage).empty());
}

}  // namespace
}  // namespace railgun::page
