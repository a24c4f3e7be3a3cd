// Who may be compared with whom: doc/SECURITY.md, "What a length tells".
#include <gtest/gtest.h>

#include "railgund/page/cache.h"
#include "railgund/page/page_key.h"

namespace railgun::page {
namespace {

const Isolation kDefault{
    .visitors = true, .ignored_cookies = {"_ga*", "_gid"}, .cookies = {}, .fields = {}, .authorization = true};

RequestKeys keys(const Fields& fields, const Isolation& isolation = kDefault, std::string_view target = "/a") {
  return request_keys(false, "site.test", target, fields, isolation);
}

bool share_nothing(const PageKeys& a, const PageKeys& b) {
  return a.exact != b.exact && a.address != b.address && a.shape != b.shape && a.sibling != b.sibling;
}

TEST(RequestKeys, OfNobodyAreEverybodys) {
  const RequestKeys nobody = keys({{"Accept", "*/*"}});
  EXPECT_FALSE(nobody.is_private());
  EXPECT_EQ(nobody.everybodys().exact, nobody.own.exact);
  // What a request without cookies had before visitors were kept apart: benchmarks and stores see no difference.
  EXPECT_EQ(nobody.own.exact, page_keys(false, "site.test", "/a", {}, {}).exact);
}

TEST(RequestKeys, OfVisitorsAreTheirOwnAndEverybodys) {
  const RequestKeys nobody = keys({});
  for (const Fields& credentials : {Fields{{"Cookie", "s=1"}}, Fields{{"Cookie", "s="}}, Fields{{"cookie", "x"}},
                                    Fields{{"Authorization", "Basic YTpi"}}, Fields{{"AUTHORIZATION", ""}}}) {
    const RequestKeys visitor = keys(credentials);
    ASSERT_TRUE(visitor.is_private());
    EXPECT_TRUE(share_nothing(visitor.own, nobody.own));
    EXPECT_EQ(visitor.everybodys().exact, nobody.own.exact);
    EXPECT_EQ(visitor.everybodys().address, nobody.own.address);
    EXPECT_EQ(visitor.everybodys().sibling, nobody.own.sibling);
    EXPECT_EQ(visitor.own.site, nobody.own.site);
    EXPECT_EQ(visitor.own.page, nobody.own.page);
  }
}

TEST(RequestKeys, DifferByEveryCookieAndByAuthorization) {
  const auto differ = [](const Fields& a, const Fields& b) {
    return share_nothing(keys(a).own, keys(b).own) && keys(a).visitor != keys(b).visitor;
  };
  EXPECT_TRUE(differ({{"Cookie", "s=1"}}, {{"Cookie", "s=2"}}));
  EXPECT_TRUE(differ({{"Cookie", "s=1"}}, {{"Cookie", "s=1; t=1"}}));
  EXPECT_TRUE(differ({{"Cookie", "s=1"}}, {{"Cookie", "s=1"}, {"Authorization", "x"}}));
  EXPECT_TRUE(differ({{"Authorization", "x"}}, {{"Authorization", "y"}}));
  EXPECT_TRUE(differ({{"Cookie", "ab=c"}}, {{"Cookie", "a=bc"}}));
  EXPECT_TRUE(differ({{"Cookie", "=x"}, {"Cookie", "a=1"}}, {{"Authorization", "x"}, {"Cookie", "a=1"}}));
  // Order, lines and spaces are no difference.
  EXPECT_FALSE(differ({{"Cookie", "s=1; t=2"}}, {{"cookie", "t=2;s=1"}}));
  EXPECT_FALSE(differ({{"Cookie", "s=1; t=2"}}, {{"Cookie", "t=2"}, {"Cookie", " s=1 "}}));
}

TEST(RequestKeys, IgnoreTheCookiesThatTheyAreToldTo) {
  EXPECT_FALSE(keys({{"Cookie", "_ga=1; _ga_X1=2; _gid=3"}}).is_private());
  EXPECT_EQ(keys({{"Cookie", "_ga=1"}}).own.exact, keys({}).own.exact);
  EXPECT_TRUE(keys({{"Cookie", "_gidx=1"}}).is_private());
  EXPECT_EQ(keys({{"Cookie", "_ga=1; s=1"}}).own.exact, keys({{"Cookie", "_ga=2; s=1"}}).own.exact);
  EXPECT_TRUE(keys({{"Cookie", "_GA=1"}}).is_private());  // names of cookies are what they are, letter by letter
}

TEST(RequestKeys, KeepWhatIsIsolatedOutOfEverybodys) {
  Isolation isolation = kDefault;
  isolation.cookies = {"tenant"};
  isolation.fields = {"X-Tenant"};
  const RequestKeys one = keys({{"Cookie", "tenant=1"}}, isolation), two = keys({{"Cookie", "tenant=2"}}, isolation);
  EXPECT_TRUE(share_nothing(one.everybodys(), two.everybodys()));
  EXPECT_TRUE(share_nothing(one.everybodys(), keys({}, isolation).own));
  EXPECT_TRUE(share_nothing(keys({{"X-Tenant", "1"}}, isolation).own, keys({{"X-Tenant", "2"}}, isolation).own));
}

TEST(RequestKeys, AreWidenedByASetting) {
  const Isolation wide{};
  EXPECT_FALSE(keys({{"Cookie", "s=1"}}, wide).is_private());
  EXPECT_EQ(keys({{"Cookie", "s=1"}}, wide).own.address, keys({{"Cookie", "s=2"}}, wide).own.address);
}

TEST(NewCookies, AreThoseOfTheNextRequest) {
  const auto next = [](const std::string& sent, const std::vector<std::string>& set) {
    Fields answer;
    for (const std::string& value : set) answer.push_back({"Set-Cookie", value});
    return std::string(field_value(
        with_new_cookies(sent.empty() ? Fields{} : Fields{{"Cookie", sent}, {"Accept", "*/*"}}, answer), "cookie"));
  };
  EXPECT_EQ(next("", {"s=1; Path=/; HttpOnly"}), "s=1");
  EXPECT_EQ(next("s=1; t=2", {"s=3"}), "t=2; s=3");
  EXPECT_EQ(next("s=1", {"s=; Max-Age=0"}), "");
  EXPECT_EQ(next("s=1; t=2", {"s=x; expires=Thu, 01-Jan-1970 00:00:00 GMT"}), "t=2");
  EXPECT_EQ(next("s=1; t=2", {"s=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}), "t=2");
  EXPECT_EQ(next("s=1", {"=x", ""}), "s=1");
  EXPECT_EQ(next("", {}), "");
  EXPECT_EQ(next("a=1", {"b=2;", "c=3"}), "a=1; b=2; c=3");
  EXPECT_EQ(next("a=1", {"b=x=y; Path=/"}), "a=1; b=x=y");
}

VersionPtr version(const std::string& name) {
  return std::make_shared<const Version>(hash128(as_bytes(name)), Bytes(1000, 'x'), Keep::kMemoryOnly);
}

std::vector<Id128> names(Cache& cache, const Fields& fields, std::string_view target = "/a") {
  const RequestKeys asked = keys(fields, kDefault, target);
  std::vector<Id128> ids;
  for (const Candidate& found : cache.candidates(asked.own, asked.open ? &*asked.open : nullptr))
    ids.push_back(found.version->id);
  return ids;
}

TEST(Candidates, AreOnesOwnAndEverybodysAndNobodyElses) {
  Cache cache(1 << 20);
  const Fields ann{{"Cookie", "s=ann"}}, bob{{"Cookie", "s=bob"}};
  cache.insert(version("ann"), keys(ann).own);
  EXPECT_EQ(names(cache, bob).size(), 0U);
  EXPECT_EQ(names(cache, {}).size(), 0U);
  EXPECT_EQ(names(cache, bob, "/b").size(), 0U);  // a sibling
  EXPECT_EQ(names(cache, ann), std::vector{version("ann")->id});
  cache.insert(version("open"), keys({}).own);
  EXPECT_EQ(names(cache, ann), (std::vector{version("ann")->id, version("open")->id}));
  EXPECT_EQ(names(cache, bob), std::vector{version("open")->id});
  EXPECT_EQ(names(cache, {}), std::vector{version("open")->id});
}

RequestKeys post(const Fields& fields, std::string_view body, std::string_view method = "POST") {
  return request_keys(false, "site.test", "/a", fields, kDefault,
                      {.method = method, .has_body = true, .body = as_bytes(body)});
}

TEST(RequestKeys, OfOtherMethodsShareNothingWithThoseOfAPage) {
  const Fields ann{{"Cookie", "s=ann"}};
  for (const char* method : {"POST", "PROPFIND", "GET"})
    EXPECT_TRUE(share_nothing(post(ann, "x", method).own, keys(ann).own)) << method;
  EXPECT_TRUE(share_nothing(post(ann, "x").own, post(ann, "x", "REPORT").own));
  EXPECT_TRUE(share_nothing(*post(ann, "x").open, keys({}).own));
  // A purge of the address takes them along.
  EXPECT_EQ(post(ann, "x").own.page, keys({}).own.page);
}

TEST(RequestKeys, OfBodiesTellNumbersFromOtherQuestions) {
  const Fields ann{{"Cookie", "s=ann"}};
  const PageKeys first = post(ann, "query=users&page=1").own, next = post(ann, "query=users&page=22").own;
  EXPECT_NE(first.exact, next.exact);
  EXPECT_EQ(first.address, next.address);
  const PageKeys other = post(ann, "query=orders&page=1").own;
  EXPECT_NE(first.address, other.address);
  EXPECT_EQ(first.shape, other.shape);
  EXPECT_EQ(first.sibling, other.sibling);
  // What is after the first bytes does not count.
  const std::string start(Action::kMostBody, 'b');
  EXPECT_EQ(post(ann, start + "x").own.exact, post(ann, start + "y").own.exact);
}

// A body may hold a password or a token: nobody's answer is everybody's because it was asked for without a cookie.
TEST(RequestKeys, OfOtherMethodsAreTheVisitorsAddressesWithoutCredentials) {
  const RequestKeys first = post({{"X-Real-IP", "192.0.2.1"}}, "token=a");
  EXPECT_TRUE(first.is_private());
  EXPECT_TRUE(share_nothing(first.own, post({{"X-Real-IP", "192.0.2.2"}}, "token=a").own));
  EXPECT_EQ(first.own.exact, post({{"X-Real-IP", "192.0.2.1"}}, "token=a").own.exact);
  EXPECT_TRUE(share_nothing(first.own, post({{"Cookie", "=address=192.0.2.1"}}, "token=a").own));
  EXPECT_FALSE(keys({{"X-Real-IP", "192.0.2.1"}}).is_private());
}

TEST(Candidates, OfOtherMethodsAreNotFoundByAnotherVisitorNorByAPage) {
  Cache cache(1 << 20);
  const Fields ann{{"Cookie", "s=ann"}}, bob{{"Cookie", "s=bob"}};
  cache.insert(version("ann's answer"), post(ann, "q=1").own);
  const auto find = [&](const RequestKeys& asked) { return cache.candidates(asked.own, &*asked.open).size(); };
  EXPECT_EQ(find(post(ann, "q=2")), 1U);
  EXPECT_EQ(find(post(bob, "q=1")), 0U);
  EXPECT_EQ(find(post({{"X-Real-IP", "192.0.2.1"}}, "q=1")), 0U);
  EXPECT_EQ(find(keys(ann)), 0U);
  EXPECT_TRUE(cache.candidates(keys({}).own).empty());
}

TEST(Candidates, AreFourAtMost) {
  Cache cache(1 << 20);
  const Fields ann{{"Cookie", "s=ann"}};
  for (const char* target : {"/a", "/b", "/c", "/d"}) {
    cache.insert(version(std::string("ann") + target), keys(ann, kDefault, target).own);
    cache.insert(version(std::string("open") + target), keys({}, kDefault, target).own);
  }
  const std::vector<Id128> found = names(cache, ann);
  ASSERT_EQ(found.size(), Cache::kMostCandidates);
  EXPECT_EQ(found[0], version("ann/a")->id);
  EXPECT_EQ(found[1], version("open/a")->id);
}

TEST(Candidates, OfAnotherSiteAreNotFoundById) {
  Cache cache(1 << 20);
  const PageKeys a = request_keys(false, "a.test", "/", {}, kDefault).own;
  const PageKeys b = request_keys(false, "b.test", "/", {}, kDefault).own;
  cache.insert(version("a"), a);
  EXPECT_EQ(cache.find(version("a")->id, b.site), nullptr);
  EXPECT_NE(cache.find(version("a")->id, a.site), nullptr);
  // The same page of both: of both.
  cache.insert(version("a"), b);
  EXPECT_NE(cache.find(version("a")->id, b.site), nullptr);
  EXPECT_NE(cache.find(version("a")->id, a.site), nullptr);
}

TEST(Candidates, ThatEverybodyUsesOutliveAVisitorsNewVersion) {
  Cache cache(20'000);
  const Fields ann{{"Cookie", "s=ann"}};
  cache.insert(version("open"), keys({}).own);
  cache.insert(version("open"), keys(ann).own);  // kept for Ann, too
  cache.insert(version("ann"), keys(ann).own);   // her newer version replaces it for her alone
  cache.insert(version("other"), keys({{"Cookie", "s=bob"}}, kDefault, "/b/c").own);
  EXPECT_EQ(names(cache, {}), std::vector{version("open")->id});
}

}  // namespace
}  // namespace railgun::page
