#include "railgund/page/cache.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "railgund/page/kin.h"

namespace railgun::page {
namespace {

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }

// Bytes that do not get smaller when they are packed (packing_test.cc has pages that do).
VersionPtr version(const std::string& id, std::size_t bytes = 1000) {
  Bytes page(bytes, 'x');
  if (bytes > VersionPool::kMostPacked) return std::make_shared<const Version>(name(id), page, Keep::kMemoryOnly);
  auto random = static_cast<std::uint32_t>(hash64(as_bytes(id)));
  for (std::uint8_t& byte : page) {
    random = random * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(random >> 24);
  }
  return std::make_shared<const Version>(name(id), std::move(page), Keep::kMemoryOnly);
}

PageKeys keys(const std::string& target, const std::string& cookie = "") {
  return page_keys(true, "example.com", target, cookie.empty() ? Fields{} : Fields{{"Cookie", cookie}}, {});
}

void prepare(Cache& cache, const std::string& id) {
  const VersionPtr found = cache.find(name(id), keys("/").site);
  found->reference.prepare();
  cache.recount(found);
}

const Id128 kSite = keys("/").site;

std::vector<Id128> ids(const std::vector<Candidate>& versions) {
  std::vector<Id128> result;
  for (const Candidate& one : versions) result.push_back(one.version->id);
  return result;
}

TEST(Cache, FindsAVersionByItsId) {
  Cache cache(1 << 20);
  EXPECT_EQ(cache.find(name("1"), kSite), nullptr);
  cache.insert(version("1"), keys("/a"));
  cache.insert(version("2"), kSite);
  EXPECT_EQ(cache.find(name("1"), kSite)->id, name("1"));
  EXPECT_EQ(cache.find(name("2"), kSite)->id, name("2"));
  EXPECT_EQ(cache.counters().hits, 2u);
  EXPECT_EQ(cache.counters().misses, 1u);
  EXPECT_EQ(cache.counters().insertions, 2u);
  EXPECT_EQ(cache.counters().versions, 2u);
}

TEST(Cache, NamesTheNearestKinFirst) {
  Cache cache(1 << 20);
  EXPECT_TRUE(cache.candidates(keys("/news/1")).empty());
  cache.insert(version("old sibling"), keys("/news/0"));
  cache.insert(version("sibling"), keys("/news/2"));
  EXPECT_EQ(ids(cache.candidates(keys("/news/1"))), (std::vector{name("old sibling"), name("sibling")}));
  cache.insert(version("exact"), keys("/news/1", "a=1"));
  cache.insert(version("address"), keys("/news/1"));
  EXPECT_EQ(ids(cache.candidates(keys("/news/1", "a=2"))),
            (std::vector{name("exact"), name("address"), name("old sibling")}));
  cache.insert(version("sibling 2"), keys("/news/2"));
  EXPECT_EQ(ids(cache.candidates(keys("/news/1", "a=2"))),
            (std::vector{name("exact"), name("address"), name("old sibling"), name("sibling 2")}));
}

TEST(Cache, StaysWithASiblingForAWhile) {
  Cache cache(1 << 20);
  cache.insert(version("first"), keys("/news/first"));
  for (unsigned i = 0; i < KinVersions::kStays; ++i)
    cache.insert(version("other " + std::to_string(i)), keys("/news/other" + std::to_string(i)));
  EXPECT_EQ(cache.candidates(keys("/news/new")).at(0).version->id, name("first"));
  cache.insert(version("next"), keys("/news/next"));
  EXPECT_EQ(cache.candidates(keys("/news/new")).at(0).version->id, name("next"));
  // A newer version of its page takes its place at once.
  cache.insert(version("next 2"), keys("/news/next"));
  EXPECT_EQ(ids(cache.candidates(keys("/news/new"))), (std::vector{name("next 2"), name("next")}));
}

TEST(Cache, MakesTheLatestVersionThatOfThePage) {
  Cache cache(1 << 20);
  cache.insert(version("1"), keys("/a"));
  cache.insert(version("2"), keys("/a"));
  EXPECT_EQ(cache.candidates(keys("/a")).at(0).version->id, name("2"));
  cache.insert(version("1"), keys("/a"));
  EXPECT_EQ(cache.candidates(keys("/a")).at(0).version->id, name("1"));
  EXPECT_EQ(cache.counters().versions, 2u);
}

TEST(Cache, ChargesWhatItHoldsAndStaysUnderItsLimit) {
  constexpr std::size_t kLimit = 200'000;
  Cache cache(kLimit);
  const std::size_t empty = cache.counters().bytes;
  std::size_t pages = 0;
  for (int i = 0; i < 500; ++i) {
    const VersionPtr one = version(std::to_string(i), 2000);
    cache.insert(one, keys("/" + std::to_string(i)));
    EXPECT_LE(cache.counters().bytes, kLimit);
    pages = cache.counters().versions;
    EXPECT_GE(cache.counters().bytes, empty + pages * one->reference.memory_bytes());
  }
  // Full to the brim, less than 1.5 KB of bookkeeping a version.
  EXPECT_GT(pages, (kLimit - empty) / 3500 - 1);
  EXPECT_EQ(cache.clear(), pages);
  EXPECT_EQ(cache.counters().bytes, empty);
  EXPECT_EQ(cache.counters().versions, 0u);
  EXPECT_TRUE(cache.candidates(keys("/499")).empty());
}

TEST(Cache, ChargesWhatAReferenceHasGrownBy) {
  Cache cache(32 << 20);
  const VersionPtr one = version("1", 100'000);
  cache.insert(one, keys("/a"));
  const std::size_t before = cache.counters().bytes;
  const std::size_t held = one->reference.memory_bytes();
  one->reference.prepare();
  cache.find(one->id, kSite);
  EXPECT_EQ(cache.counters().bytes - before, one->reference.memory_bytes() - held);
}

TEST(Cache, DropsPreparedStateBeforeItLetsAVersionGo) {
  Cache cache({.bytes = 4 << 20, .prepared_share_bytes = 0});
  for (int i = 0; i < 30; ++i) {
    const std::string page = std::to_string(i);
    cache.insert(version(page, 100'000), keys("/" + page + "/"));
    prepare(cache, page);
    EXPECT_LE(cache.counters().bytes, std::size_t{4} << 20);
  }
  EXPECT_EQ(cache.counters().versions, 30u);
  EXPECT_EQ(cache.counters().evictions, 0u);
  EXPECT_GT(cache.counters().prepared_drops, 20u);
  // There was no room for it beside the pages.
  EXPECT_EQ(cache.counters().prepared_bytes, 0u);
}

TEST(Cache, LeavesPreparedStateItsShare) {
  constexpr std::size_t kShare = 4 << 20;
  Cache cache({.bytes = 8 << 20, .prepared_share_bytes = kShare});
  for (int i = 0; i < 200; ++i) {
    const std::string page = std::to_string(i);
    cache.insert(version(page, 100'000), keys("/" + page + "/"));
    prepare(cache, page);
  }
  EXPECT_LE(cache.counters().prepared_bytes, kShare);
  EXPECT_GT(cache.counters().prepared_bytes, kShare / 2);
  EXPECT_GT(cache.counters().versions, 35u);
  EXPECT_LE(cache.counters().bytes, std::size_t{8} << 20);
}

TEST(Cache, KeepsThePreparedStateOfThePagesAskedForMost) {
  Cache cache({.bytes = 12 << 20, .prepared_share_bytes = 6 << 20});
  const auto ask = [&](const std::string& page) {
    if (cache.find(name(page), kSite) == nullptr) cache.insert(version(page, 100'000), keys("/" + page + "/"));
    cache.insert(version(page, 100'000), keys("/" + page + "/"));  // the same once more: a request
    prepare(cache, page);
  };
  for (int round = 0; round < 6; ++round) ask("popular");
  for (int i = 0; i < 60; ++i) ask("rare " + std::to_string(i));
  EXPECT_TRUE(cache.find(name("popular"), kSite)->reference.is_prepared(false));
}

TEST(Cache, PreparesAheadOnlyWhatWouldStay) {
  Cache cache({.bytes = 4 << 20, .prepared_share_bytes = 4 << 20});
  EXPECT_FALSE(cache.is_worth_preparing(name("unknown")));
  for (const char* page : {"1", "2", "3"}) {
    cache.insert(version(page, 100'000), keys(std::string("/") + page + "/"));
    cache.insert(version(page, 100'000), keys(std::string("/") + page + "/"));
  }
  for (const char* page : {"1", "2"}) {
    EXPECT_TRUE(cache.is_worth_preparing(name(page)));
    prepare(cache, page);
  }
  // Asked for no more often than the others, until it is.
  EXPECT_FALSE(cache.is_worth_preparing(name("3")));
  cache.insert(version("3", 100'000), keys("/3/"));
  EXPECT_TRUE(cache.is_worth_preparing(name("3")));
  cache.drop_prepared();
  EXPECT_EQ(cache.counters().prepared_bytes, 0u);
  EXPECT_EQ(cache.counters().versions, 3u);
}

TEST(Cache, RefusesAPageThatIsLargerThanItself) {
  Cache cache(100'000);
  cache.insert(version("small"), keys("/s"));
  cache.insert(version("large", 200'000), keys("/l"));
  EXPECT_EQ(cache.find(name("large"), kSite), nullptr);
  EXPECT_NE(cache.find(name("small"), kSite), nullptr);
  EXPECT_EQ(ids(cache.candidates(keys("/l"))), (std::vector{name("small")}));  // a sibling
  EXPECT_EQ(cache.counters().refused, 1u);
}

TEST(Cache, LetsReplacedVersionsGoFirst) {
  Cache cache(100'000);
  cache.insert(version("quiet"), keys("/quiet/"));
  for (int i = 0; i < 1000; ++i) cache.insert(version("version " + std::to_string(i)), keys("/busy/"));
  EXPECT_NE(cache.find(name("quiet"), kSite), nullptr);
  EXPECT_NE(cache.find(name("version 999"), kSite), nullptr);
  EXPECT_EQ(cache.find(name("version 0"), kSite), nullptr);
  EXPECT_GT(cache.counters().versions, 20u);  // older ones stay while there is room
}

TEST(Cache, KeepsThePagesPeopleAskForThroughACrawlersScan) {
  Cache cache(400'000);
  const auto ask = [&](const std::string& target, std::size_t bytes) {
    cache.candidates(keys(target));
    cache.insert(version(target, bytes), keys(target));
  };
  // Half of the memory is in use by a hundred pages that people ask for, a few times each.
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 100; ++i) ask("/popular" + std::to_string(i) + "/", 1000);
  }
  for (int i = 0; i < 5000; ++i) ask("/crawled" + std::to_string(i) + "/", 2000);
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += cache.find(name("/popular" + std::to_string(i) + "/"), kSite) ? 1 : 0;
  EXPECT_GE(kept, 95);
  EXPECT_LE(cache.counters().bytes, 400'000u);
}

TEST(Cache, LetsNewFavouritesIn) {
  Cache cache(200'000);
  for (int i = 0; i < 200; ++i) cache.insert(version("old " + std::to_string(i)), keys("/old/" + std::to_string(i)));
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) cache.insert(version("new " + std::to_string(i)), keys("/new/" + std::to_string(i)));
  }
  int kept = 0;
  for (int i = 0; i < 20; ++i) kept += cache.find(name("new " + std::to_string(i)), kSite) ? 1 : 0;
  EXPECT_GE(kept, 19);
}

TEST(Cache, ForgetsWhatIsErasedAndTheKeysWithIt) {
  Cache cache(1 << 20);
  cache.insert(version("1"), keys("/a"));
  cache.insert(version("2"), keys("/a"));
  cache.erase(name("2"));
  cache.erase(name("2"));
  EXPECT_EQ(cache.find(name("2"), kSite), nullptr);
  EXPECT_EQ(ids(cache.candidates(keys("/a"))), (std::vector{name("1")}));
  cache.erase(name("1"));
  EXPECT_TRUE(cache.candidates(keys("/a")).empty());
}

TEST(Cache, PurgesEveryVersionOfAnAddress) {
  Cache cache(1 << 20);
  cache.insert(version("1"), keys("/a"));
  cache.insert(version("2"), keys("/a"));
  cache.insert(version("3"), keys("/a"));
  cache.insert(version("4"), keys("/a", "session=1"));
  cache.insert(version("5"), keys("/b"));
  EXPECT_EQ(cache.purge(keys("/a")), 4u);
  EXPECT_EQ(cache.counters().versions, 1u);
  EXPECT_EQ(ids(cache.candidates(keys("/a"))), (std::vector{name("5")}));  // a sibling
  EXPECT_EQ(cache.purge(keys("/a")), 0u);
}

TEST(Cache, KeepsAPinnedVersionAliveAfterItLeft) {
  Cache cache(1 << 20);
  cache.insert(version("1"), keys("/a"));
  const VersionPtr pinned = cache.find(name("1"), kSite);
  cache.clear();
  EXPECT_EQ(pinned->reference.bytes().size(), 1000u);
}

TEST(Cache, SharesOnePageOfManyAddressesWithoutGrowing) {
  // An error page, the same under every address a scanner tries.
  Cache cache(1 << 20);
  cache.insert(version("error"), keys("/0/"));
  const std::size_t first = cache.counters().bytes;
  for (int i = 1; i < 1000; ++i) cache.insert(version("error"), keys("/" + std::to_string(i) + "/x"));
  EXPECT_EQ(cache.counters().versions, 1u);
  EXPECT_LT(cache.counters().bytes, first + 5000);
}

TEST(Cache, GivesWayToALowerLimit) {
  Cache cache(8 << 20);
  for (int i = 0; i < 50; ++i) cache.insert(version(std::to_string(i), 100'000), keys("/" + std::to_string(i) + "/"));
  const std::size_t before = cache.counters().versions;
  cache.set_limits({.bytes = 1 << 20, .prepared_share_bytes = 0});
  EXPECT_LE(cache.counters().bytes, std::size_t{1} << 20);
  EXPECT_GT(cache.counters().versions, 5u);
  EXPECT_LT(cache.counters().versions, before);
}

TEST(Cache, DoesLessTheLessMemoryThereIs) {
  Cache cache(1 << 20);
  cache.insert(version("1"), keys("/a"));
  cache.set_shortage(Shortage::kKeepNothing);
  EXPECT_FALSE(cache.insert(version("2"), keys("/a")));
  cache.insert(version("3"), kSite);
  EXPECT_EQ(cache.find(name("3"), kSite), nullptr);
  EXPECT_EQ(ids(cache.candidates(keys("/a"))), (std::vector{name("1")}));
  cache.set_shortage(Shortage::kFindNothing);
  EXPECT_EQ(cache.find(name("1"), kSite), nullptr);
  EXPECT_TRUE(cache.candidates(keys("/a")).empty());
  cache.set_shortage(Shortage::kNone);
  EXPECT_NE(cache.find(name("1"), kSite), nullptr);
}

// 200 visitors who asked for a page of 7 MB and read nothing took 1.7 GB.
// A poll whose answer stays the same was found by the shape of its address up to the ninth time, and then every other time.
TEST(Cache, FindsAVersionByItsShapeHoweverManyAddressesItHas) {
  Cache cache(1 << 20);
  for (int i = 0; i < 20; ++i) {
    const PageKeys poll = keys("/poll?_=" + std::to_string(1000 + i));
    const auto found = cache.candidates(poll);
    ASSERT_EQ(found.size(), i == 0 ? 0U : 1U) << i;
    if (i > 0) {
      EXPECT_EQ(found[0].by, FoundBy::kShape);
    }
    cache.insert(version("the same"), poll);
  }
  // The first ones have left.
  EXPECT_EQ(cache.candidates(keys("/poll?_=1000"))[0].by, FoundBy::kShape);
  EXPECT_EQ(cache.candidates(keys("/poll?_=1019"))[0].by, FoundBy::kExact);
}

TEST(Cache, CountsWhatWorkersHoldBesideIt) {
  constexpr std::size_t kMB = std::size_t{1} << 20;
  Cache cache(64 * kMB);
  const std::size_t before = cache.counters().bytes;
  Cache::CommonShare first, second;
  EXPECT_EQ(first.limit(cache), kMB);
  first.set(cache, kMB);
  EXPECT_EQ(cache.counters().bytes, before + kMB);
  EXPECT_EQ(second.limit(cache), kMB / 2);
  second.set(cache, kMB / 2);
  EXPECT_EQ(first.limit(cache), kMB / 4 * 3);
  cache.set_shortage(Shortage::kKeepNothing);
  EXPECT_EQ(first.limit(cache), 0U);
  cache.set_shortage(Shortage::kNone);
  cache.set_limits(CacheLimits{32 * kMB, kMB});
  EXPECT_EQ(first.limit(cache), kMB / 4);
  {
    const Cache::CommonShare ends(std::move(first));
    EXPECT_EQ(cache.counters().bytes, before + kMB / 2 * 3);
  }
  EXPECT_EQ(cache.counters().bytes, before + kMB / 2);
}

TEST(Cache, LimitsThePagesThatAreUnderWay) {
  constexpr std::size_t kMB = 1 << 20;
  Cache cache(64 * kMB);  // 16 MB for pages under way, 12 of them for large ones
  Cache::UnderWay large, larger, small, other;
  EXPECT_TRUE(large.set(cache, 1 * kMB));
  EXPECT_TRUE(large.set(cache, 6 * kMB));
  EXPECT_TRUE(larger.set(cache, 3 * kMB));
  EXPECT_EQ(cache.under_way_bytes(), 9 * kMB);
  EXPECT_FALSE(larger.set(cache, 3 * kMB + 1));  // half of the 6 MB that the other one leaves
  EXPECT_EQ(cache.under_way_bytes(), 6 * kMB);
  EXPECT_TRUE(small.set(cache, 100'000));
  EXPECT_TRUE(small.set(cache, 50'000));
  EXPECT_TRUE(small.set(cache, 0));
  {
    Cache::UnderWay ends;
    EXPECT_TRUE(ends.set(cache, kMB));
    const Cache::UnderWay moved(std::move(ends));
    EXPECT_EQ(cache.under_way_bytes(), 7 * kMB);
  }
  EXPECT_EQ(cache.under_way_bytes(), 6 * kMB);
  // Small ones have the rest, until that is full too.
  std::vector<Cache::UnderWay> many(80);
  for (Cache::UnderWay& one : many) EXPECT_TRUE(one.set(cache, 128 * 1024));
  EXPECT_FALSE(other.set(cache, 1));
}

TEST(Cache, BearsManyThreads) {
  constexpr std::size_t kLimit = 128 << 20;  // two shards
  Cache cache(kLimit);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      std::uint32_t random = static_cast<std::uint32_t>(t) + 1;
      for (int i = 0; i < 700; ++i) {
        random = random * 1664525 + 1013904223;
        const std::string target = "/p" + std::to_string((random >> 16) % 64) + "/";
        const std::string id = target + std::to_string((random >> 8) % 4);
        const std::vector<Candidate> found = cache.candidates(keys(target));
        if (i % 20 == 0 && !found.empty()) found[0].version->reference.prepare();
        if (i % 7 == 0) {
          cache.erase(name(id));
        } else if (i % 501 == 0) {
          cache.purge(keys(target));
        } else if (i % 1501 == 0) {
          cache.clear();
        } else {
          cache.insert(version(id, 700'000), keys(target));
        }
        if (i % 100 == 0) cache.counters();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache.counters().bytes, kLimit);
  cache.clear();
  EXPECT_EQ(cache.counters().bytes, Cache(kLimit).counters().bytes);
}

// A request for a page by a visitor with this cookie; empty: without.
RequestKeys request(const std::string& target, const std::string& cookie) {
  Isolation isolation;
  isolation.visitors = true;
  return request_keys(true, "example.com", target, cookie.empty() ? Fields{} : Fields{{"Cookie", cookie}}, isolation);
}

constexpr std::uint64_t kProcess = 7;
constexpr unsigned kHalf = Sketch::kPlaces / 2;

// Keeps a version as a listener does that was asked for it by a sender.
VersionPtr keep(Cache& cache, const std::string& id, const RequestKeys& keys, std::uint64_t process = kProcess) {
  VersionPtr kept = version(id, 20'000);
  cache.insert(kept, keys.own);
  cache.note_held(*kept, {.process = process, .audience = keys.own.audience});
  return kept;
}
VersionPtr look_for(Cache& cache, const VersionPtr& text, const RequestKeys& keys, std::uint64_t process = kProcess) {
  return cache.find_alike(Sketch(text->reference.bytes()), kHalf, process, keys);
}

TEST(CacheContents, AreFoundUnderAnotherName) {
  Cache cache(4 << 20);
  const VersionPtr kept = keep(cache, "1", request("/a/1", ""));
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "")), kept);
  EXPECT_EQ(look_for(cache, version("2", 20'000), request("/b/2", "")), nullptr);
  // Only where that sender has it, and as long as it is here.
  EXPECT_EQ(look_for(cache, kept, request("/b/2", ""), kProcess + 1), nullptr);
  cache.erase(kept->id);
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "")), nullptr);
}

// Half of each page is the template's, whose samples lead to the latest pages alone.
TEST(CacheContents, AreFoundAmongManyPagesOfOneTemplate) {
  Cache cache(64 << 20);
  const auto page = [](int number) {
    std::string text;
    for (int i = 0; i < 600; ++i)
      text += to_hex(name((i % 2 == 0 ? "template" : std::to_string(number)) + "." + std::to_string(i))) + "\n";
    return text;
  };
  constexpr int kPages = 200;
  for (int i = 0; i < kPages; ++i) {
    const std::string text = page(i);
    const auto kept = std::make_shared<const Version>(name(text), to_bytes(as_bytes(text)), Keep::kMemoryOnly);
    const RequestKeys keys = request("/a/" + std::to_string(i), "");
    cache.insert(kept, keys.own);
    cache.note_held(*kept, {.process = kProcess, .audience = keys.own.audience});
  }
  int found = 0;
  for (int i = 0; i < kPages; ++i) {
    const std::string text = page(i);
    const VersionPtr best = cache.find_alike(Sketch(as_bytes(text)), kHalf, kProcess, request("/b", ""));
    found += best && best->id == name(text) ? 1 : 0;
  }
  EXPECT_GT(found, kPages * 9 / 10);
}

TEST(CacheContents, OfOneVisitorAreFoundForNobodyElse) {
  Cache cache(4 << 20);
  const VersionPtr kept = keep(cache, "1", request("/a/1", "s=ann"));
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "s=ann")), kept);
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "s=bob")), nullptr);
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "")), nullptr);
  // Not even by hints that were noted for others.
  cache.note_held(*kept, {.process = kProcess, .audience = request("/", "s=bob").own.audience});
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "s=bob")), nullptr);
  // By its id neither: the sender's part of the rule.
  EXPECT_EQ(cache.find(kept->id, request("/b/2", "s=ann")), kept);
  EXPECT_EQ(cache.find(kept->id, request("/b/2", "s=bob")), nullptr);
  EXPECT_EQ(cache.find(kept->id, request("/b/2", "")), nullptr);
}

TEST(CacheContents, OfEverybodyAreFoundForEachVisitor) {
  Cache cache(4 << 20);
  const VersionPtr kept = keep(cache, "1", request("/a/1", ""));
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "s=ann")), kept);
  EXPECT_EQ(cache.find(kept->id, request("/b/2", "s=ann")), kept);
}

// An application puts a session and the time into each address: a visitor's other pages are in the same folder, but what
// all have in common at addresses of this shape is nearer.
TEST(Cache, NamesEverybodysOfTheShapeBeforeAVisitorsOwnOfTheFolder) {
  Cache cache(4 << 20);
  const RequestKeys before = request("/list?_=1795991211829", "s=ann");
  cache.insert(version("common"), keys_of_kin(*before.open));
  for (int i = 0; i < 8; ++i) {
    const std::string address = std::string("/page-") + static_cast<char>('a' + i);
    cache.insert(version("own" + std::to_string(i)), request(address, "s=bob").own);
  }
  const RequestKeys later = request("/list?_=1795991214830", "s=bob");
  const std::vector<Candidate> named = cache.candidates(later.own, &*later.open);
  ASSERT_FALSE(named.empty());
  EXPECT_EQ(named[0].version->id, name("common"));
  EXPECT_EQ(named[0].by, FoundBy::kShape);
  // It is no version of a page.
  const RequestKeys again = request("/list?_=1795991211829", "s=bob");
  EXPECT_EQ(cache.candidates(again.own, &*again.open)[0].by, FoundBy::kShape);
}

// Each visitor's keys took a place, and the fifth visitor's displaced everybody's.
TEST(Cache, KeepsWhatIsEverybodysSoHoweverManyVisitorsAreSentIt) {
  Cache cache(4 << 20);
  const RequestKeys first = request("/icon", "s=ann");
  EXPECT_EQ(&cache.keys_to_keep(name("1"), first), &first.own);
  cache.insert(version("1"), *first.open);
  for (int i = 0; i < 100; ++i) {
    const RequestKeys one = request("/icon", "s=" + std::to_string(i));
    EXPECT_EQ(cache.candidates(one.own, &*one.open).size(), 1U) << i;
    EXPECT_EQ(&cache.keys_to_keep(name("1"), one), &*one.open);
    cache.insert(version("1"), cache.keys_to_keep(name("1"), one));
  }
  // Who has another version of his own goes on with his own.
  cache.insert(version("2"), first.own);
  EXPECT_EQ(&cache.keys_to_keep(name("1"), first), &first.own);
  const RequestKeys other = request("/icon", "s=bob");
  EXPECT_EQ(&cache.keys_to_keep(name("3"), other), &other.own);
}

TEST(CacheContents, AreNotFoundOnceTheSenderHasLostThem) {
  Cache cache(4 << 20);
  const VersionPtr kept = keep(cache, "1", request("/a/1", ""));
  cache.note_lost(kept->id, kProcess, request("/b/2", "s=ann").audiences());
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "")), nullptr);
  cache.note_lost(name("unknown"), kProcess, request("/b/2", "").audiences());
}

TEST(CacheContents, CountAsMemoryOfTheCache) {
  Cache cache(1 << 20);
  for (int i = 0; i < 100; ++i) keep(cache, std::to_string(i), request("/" + std::to_string(i), ""));
  EXPECT_LE(cache.counters().bytes, std::size_t{1} << 20);
}

TEST(CacheContents, AreNotLookedForWhileMemoryIsShort) {
  Cache cache(4 << 20);
  const VersionPtr kept = keep(cache, "1", request("/a/1", ""));
  cache.set_shortage(Shortage::kFindNothing);
  EXPECT_EQ(look_for(cache, kept, request("/b/2", "")), nullptr);
  EXPECT_EQ(cache.find(kept->id, request("/b/2", "")), nullptr);
}

}  // namespace
}  // namespace railgun::page
