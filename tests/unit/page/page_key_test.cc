#include "railgund/page/page_key.h"

#include <gtest/gtest.h>

#include "railgund/base/text.h"

namespace railgun::page {
namespace {

PageKeys keys(std::string_view target, const Fields& fields = {}, const Isolation& isolation = {}) {
  return page_keys(true, "www.example.com", target, fields, isolation);
}

TEST(PageKeys, AreThoseOfSchemeHostAndTarget) {
  const PageKeys base = keys("/a?b=1");
  EXPECT_EQ(keys("/a?b=1").exact, base.exact);
  EXPECT_NE(keys("/a?b=2").address, base.address);
  EXPECT_NE(keys("/b?b=1").address, base.address);
  EXPECT_NE(page_keys(false, "www.example.com", "/a?b=1", {}, {}).address, base.address);
  EXPECT_NE(page_keys(true, "example.com", "/a?b=1", {}, {}).address, base.address);
  EXPECT_NE(base.exact, base.address);
  EXPECT_NE(base.address, base.sibling);
}

TEST(PageKeys, DoNotMindTheHostsCaseAndItsDefaultPort) {
  const PageKeys base = keys("/");
  EXPECT_EQ(page_keys(true, "WWW.Example.com:443", "/", {}, {}).exact, base.exact);
  EXPECT_NE(page_keys(true, "www.example.com:8443", "/", {}, {}).exact, base.exact);
  EXPECT_NE(page_keys(true, "www.example.com:80", "/", {}, {}).exact, base.exact);
}

TEST(PageKeys, TellCookieClassesApartByNamesNotValues) {
  const PageKeys one = keys("/", {{"Cookie", "session=1; lang=en"}});
  EXPECT_EQ(keys("/", {{"cookie", "lang=de;session=2"}}).exact, one.exact);
  EXPECT_EQ(keys("/", {{"Cookie", "lang=en"}, {"Cookie", " session=3 "}}).exact, one.exact);
  EXPECT_EQ(keys("/", {{"Cookie", "session=1; lang=en; lang=fr;;"}}).exact, one.exact);
  EXPECT_NE(keys("/", {{"Cookie", "session=1"}}).exact, one.exact);
  EXPECT_NE(keys("/").exact, one.exact);
  EXPECT_EQ(keys("/").address, one.address);
  EXPECT_EQ(keys("/").sibling, one.sibling);
  // Where one name ends and the next begins matters.
  EXPECT_NE(keys("/", {{"Cookie", "ab=1; c=1"}}).exact, keys("/", {{"Cookie", "a=1; bc=1"}}).exact);
}

TEST(PageKeys, TakePagesOfOneTemplateForSiblings) {
  const Id128 sibling = keys("/news/2024/05/first-17.html?page=2").sibling;
  EXPECT_EQ(keys("/news/2023/11/other.html").sibling, sibling);
  EXPECT_EQ(keys("/news/1/2/title/").sibling, sibling);
  EXPECT_EQ(keys("/post/one/").sibling, keys("/post/two").sibling);
  EXPECT_NE(keys("/news/2024/first.html").sibling, sibling);
  EXPECT_NE(keys("/sport/2024/05/first.html").sibling, sibling);
  EXPECT_EQ(keys("/").sibling, keys("/about?x=/y/").sibling);
}

TEST(PageKeys, KeepIsolatedVisitorsApartInAllFour) {
  const Isolation isolation{.cookies = {"session"}, .fields = {"X-Tenant"}, .authorization = true};
  const auto differ = [&](const Fields& a, const Fields& b) {
    const PageKeys one = keys("/", a, isolation), two = keys("/", b, isolation);
    return one.exact != two.exact && one.address != two.address && one.shape != two.shape && one.sibling != two.sibling;
  };
  EXPECT_TRUE(differ({{"Cookie", "session=1"}}, {{"Cookie", "session=2"}}));
  EXPECT_TRUE(differ({{"Cookie", "session=1"}}, {}));
  EXPECT_TRUE(differ({{"Cookie", "session="}}, {}));
  EXPECT_TRUE(differ({{"X-Tenant", "a"}}, {{"x-tenant", "b"}}));
  EXPECT_TRUE(differ({{"X-Tenant", "ab"}}, {{"X-Tenant", "a"}, {"X-Tenant", "b"}}));
  EXPECT_TRUE(differ({{"Authorization", "Basic YTpi"}}, {}));
  EXPECT_FALSE(differ({{"Cookie", "session=1; other=1"}}, {{"Cookie", "other=2; session=1"}}));
  EXPECT_EQ(keys("/", {{"authorization", "Basic YTpi"}}).exact, keys("/").exact);  // not asked for
}

TEST(PageKeys, TellLanguagesApartInTheExactKeyAlone) {
  const PageKeys german = keys("/", {{"Accept-Language", "de-AT,en;q=0.5"}});
  EXPECT_EQ(keys("/", {{"accept-language", "DE"}}).exact, german.exact);
  EXPECT_NE(keys("/", {{"Accept-Language", "en"}}).exact, german.exact);
  EXPECT_EQ(keys("/", {{"Accept-Language", "*"}}).exact, keys("/").exact);
  EXPECT_EQ(german.address, keys("/").address);
}

TEST(PageKeys, HaveOneShapeWhereNumbersChange) {
  const PageKeys first = keys("/poll?_=1795991211829&chart=cpu");
  EXPECT_EQ(keys("/poll?chart=cpu&_=1795991212999").shape, first.shape);
  EXPECT_NE(keys("/poll?chart=ram&_=1795991212999").shape, first.shape);
  EXPECT_NE(first.shape, first.address);
  EXPECT_EQ(keys("/about").shape, keys("/about").address);  // there is nothing to leave out
}

TEST(PageKeys, AreThoseOfTheDocument) {
  // doc/PROTOCOL.md, "Stored items": senders of one store must agree.
  EXPECT_EQ(to_hex(keys("/a?b=1", {{"Cookie", "session=1; lang=en"}}).exact), "3264d5091ddd76247635e7eb72e4b70c");
}

TEST(PageKeys, TakeOddTargetsAsTheyCome) {
  EXPECT_NE(keys("*").address, keys("").address);
  EXPECT_NE(keys("/\xff%zz").address, keys("/").address);
}

}  // namespace
}  // namespace railgun::page
