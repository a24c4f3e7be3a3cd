#include "railgund/page/media_class.h"

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

TEST(MediaClass, OfAnAnswerIsThatOfItsTypeAndStatus) {
  EXPECT_EQ(media_class_of(200, "text/html; charset=utf-8"), MediaClass::kPage);
  EXPECT_EQ(media_class_of(200, "Text/HTML"), MediaClass::kPage);
  EXPECT_EQ(media_class_of(200, "application/rss+xml"), MediaClass::kFeed);
  EXPECT_EQ(media_class_of(200, "application/vnd.api+json"), MediaClass::kData);
  EXPECT_EQ(media_class_of(200, "image/svg+xml"), MediaClass::kImage);
  EXPECT_EQ(media_class_of(200, "application/font-woff"), MediaClass::kFont);
  EXPECT_EQ(media_class_of(200, "application/zip"), MediaClass::kOther);
  EXPECT_EQ(media_class_of(200, ""), MediaClass::kUnknown);
  EXPECT_EQ(media_class_of(207, "application/xml"), MediaClass::kFeed);
  EXPECT_EQ(media_class_of(404, "text/html"), MediaClass::kError);
}

TEST(MediaClass, IsExpectedByWhatTheRequestSays) {
  const auto expected = [](const char* target, const Fields& fields) { return expected_media_class(target, fields); };
  EXPECT_EQ(expected("/load.php", {{"Sec-Fetch-Dest", "script"}, {"Accept", "*/*"}}), MediaClass::kScript);
  EXPECT_EQ(expected("/post/one/", {{"Accept", "text/html,application/xhtml+xml;q=0.9"}}), MediaClass::kPage);
  EXPECT_EQ(expected("/a.css?v=1", {{"Accept", "text/css,*/*;q=0.1"}}), MediaClass::kStyle);
  EXPECT_EQ(expected("/a.js?x=y.css", {{"Sec-Fetch-Dest", "empty"}, {"Accept", "*/*"}}), MediaClass::kScript);
  EXPECT_EQ(expected("/logo", {{"Accept", "image/avif,image/*"}}), MediaClass::kImage);
  EXPECT_EQ(expected("/v1.2/list", {}), MediaClass::kUnknown);
  EXPECT_EQ(expected("/", {{"Accept", "*/*"}}), MediaClass::kUnknown);
}

}  // namespace
}  // namespace railgun::page
