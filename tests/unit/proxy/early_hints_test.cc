#include "railgund/proxy/early_hints.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

std::vector<std::string> hints(std::string_view page) {
  std::vector<std::string> values;
  for (const Field& field : early_hints(as_bytes(page))) {
    EXPECT_EQ(field.name, "Link");
    values.push_back(field.value);
  }
  return values;
}

using List = std::vector<std::string>;

TEST(EarlyHints, AreWhatTheHeadPreloadsConnectsToAndIsStyledBy) {
  EXPECT_EQ(hints("<!DOCTYPE html><html><head><title>a <link rel=preload as=style href=/no.css></title>"
                  "<link rel=\"stylesheet\" href=\"/a.css?v=1&amp;w=2\">"
                  "<LINK REL='preload' AS=font type=\"font/woff2\" crossorigin HREF=f.woff2 />"
                  "<link rel=preconnect href=https://cdn.test crossorigin=anonymous>"
                  "<link rel=modulepreload href=/m.js>"
                  "<link as=image rel=preload fetchpriority=high media=\"(width > 600px)\" href=/i.png>"
                  "</head><body><link rel=stylesheet href=/late.css>"),
            (List{"</a.css?v=1&w=2>; rel=preload; as=style",
                  "<f.woff2>; rel=preload; as=font; crossorigin; type=\"font/woff2\"",
                  "<https://cdn.test>; rel=preconnect; crossorigin", "</m.js>; rel=modulepreload",
                  "</i.png>; rel=preload; as=image; media=\"(width > 600px)\"; fetchpriority=high"}));
}

TEST(EarlyHints, AreNotWhatTheBrowserMightNotFetch) {
  EXPECT_EQ(hints("<link rel=stylesheet media=print href=/print.css><link rel='alternate stylesheet' href=/dark.css>"
                  "<link rel=icon href=/i.png><link rel=stylesheet disabled href=/d.css>"
                  "<link rel=preload href=/no-as.css><link rel=stylesheet integrity=sha256-x href=/s.css>"
                  "<noscript><link rel=stylesheet href=/plain.css></noscript>"
                  "<!-- <link rel=stylesheet href=/old.css> --><script>'<link rel=stylesheet href=/s.css>'</script>"
                  "<template><link rel=stylesheet href=/t.css></template>"),
            List{});
  EXPECT_EQ(hints("<link rel=stylesheet href=/a.css><base href=/elsewhere/>"), List{});
}

TEST(EarlyHints, AreNothingThatAFieldCannotSay) {
  for (const std::string_view address : {"", " ", "/a b", "/a>b", "javascript:x", "data:text/css,x", "/\xc3\xa9",
                                         "/a&quot;b", "/&#65;", "/a\r\nSet-Cookie: b"})
    EXPECT_EQ(hints("<link rel=stylesheet href=\"" + std::string(address) + "\">"), List{}) << address;
  EXPECT_EQ(hints("<link rel=preload as=\"style;x\" href=/a>"), List{});
  EXPECT_EQ(hints("<link rel=preload as=style type='a\"b' href=/a>"), List{});
  EXPECT_EQ(hints("<link rel=preload as=style href=\"  /a?x&y=1  \">"), (List{"</a?x&y=1>; rel=preload; as=style"}));
}

TEST(EarlyHints, AreBounded) {
  std::string page;
  for (int i = 0; i < 100; ++i) page += "<link rel=stylesheet href=/" + std::to_string(i) + ".css>";
  EXPECT_EQ(hints(page).size(), kMostHints);
  page.clear();
  for (int i = 0; i < 10; ++i) page += "<link rel=stylesheet href=/" + std::string(900, 'a') + std::to_string(i) + ">";
  EXPECT_EQ(hints(page).size(), 4U);
  EXPECT_EQ(hints(std::string(kHintPageBytes, ' ') + "<link rel=stylesheet href=/a.css>"), List{});
  EXPECT_EQ(hints("<link rel=stylesheet href=/a.css><link rel=stylesheet href=/a.css>").size(), 1U);
}

TEST(EarlyHints, EndWithThePage) {
  const std::string page =
      "<link rel=stylesheet href='/a.css' x=\"y\"><!-- c --><script>s</script><link rel=preconnect href=//a>";
  for (std::size_t size = 0; size <= page.size(); ++size) EXPECT_LE(hints(page.substr(0, size)).size(), 2U);
  EXPECT_EQ(hints(page).size(), 2U);
}

}  // namespace
}  // namespace railgun::proxy
