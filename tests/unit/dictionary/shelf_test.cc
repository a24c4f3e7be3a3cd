#include "railgund/dictionary/shelf.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Id128 id(const std::string& name) { return hash128(as_bytes(name)); }

// Lines that no compressor makes out of each other.
std::string lines(const std::string& name, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += to_hex(id(name + std::to_string(i))) + to_hex(id(name + std::to_string(~i))) + "\n";
  return text;
}

class ShelfTest : public testing::Test {
 protected:
  Sample sample(const std::string& visitor, const std::string& text) {
    return {.network = id("net " + visitor),
            .credentials = id(visitor),
            .is_public = true,
            .is_shared = false,
            .text = to_bytes(as_bytes(text))};
  }
  bool add(const std::string& visitor, const std::string& text) {
    return shelf_.add(audience_, id("/" + visitor), sample(visitor, text), now_);
  }
  // Pages of visitors that have `common` in common, until there is work.
  void make(const std::string& common) {
    for (int i = 0; i < 20; ++i) {
      if (!add("v" + std::to_string(i), common + lines(common.substr(0, 8) + std::to_string(i), 20))) continue;
      shelf_.work(audience_, now_);
      return;
    }
    FAIL() << "no work";
  }

  Shelf shelf_{{.bytes = 8 << 20, .share_among = 3}, as_bytes("key")};
  Audience audience_{.site = id("site"), .group = id("group")};
  Instant now_{};
};

TEST_F(ShelfTest, MakesADictionaryOfWhatVisitorsHaveInCommon) {
  EXPECT_EQ(shelf_.current(audience_, now_), nullptr);
  EXPECT_TRUE(shelf_.wants_sample(audience_, now_));
  make(lines("common", 50));
  const DictionaryPtr made = shelf_.current(audience_, now_);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(as_text(made->bytes()), lines("common", 50));
  EXPECT_EQ(made->hash(), hash_of(made->bytes()));
  EXPECT_EQ(shelf_.find(audience_, made->hash()), made);
  EXPECT_EQ(shelf_.find_for_site(audience_.site, made->hash()), made);
  EXPECT_EQ(shelf_.counts().dictionaries, 1u);
}

TEST_F(ShelfTest, GivesNobodyElsesDictionary) {
  make(lines("common", 50));
  const Hash hash = shelf_.current(audience_, now_)->hash();
  EXPECT_EQ(shelf_.find({.site = id("site"), .group = id("other")}, hash), nullptr);
  EXPECT_EQ(shelf_.find_for_site(id("other"), hash), nullptr);
  EXPECT_EQ(shelf_.find(audience_, hash_of({})), nullptr);
}

TEST_F(ShelfTest, MakesNoneOfPagesThatHaveNothingInCommon) {
  for (int i = 0; i < 20; ++i) {
    const std::string visitor = "v" + std::to_string(i);
    if (add(visitor, lines(visitor, 50))) shelf_.work(audience_, now_);
  }
  EXPECT_EQ(shelf_.current(audience_, now_), nullptr);
  EXPECT_FALSE(shelf_.wants_sample(audience_, now_));
  EXPECT_TRUE(shelf_.wants_sample(audience_, now_ + Shelf::kRest));
}

TEST_F(ShelfTest, TakesOneSampleOfAVisitor) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(add("anna", lines("common", 50) + lines(std::to_string(i), 5)));
}

// Somebody who comes back under another name and from another place.
TEST_F(ShelfTest, ForgetsSamplesOfAnotherTime) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(add("v" + std::to_string(i), lines("common", 50)));
    now_ += i % 2 == 0 ? seconds(1) : Shelf::kRoundTime;
  }
}

TEST_F(ShelfTest, ReplacesADictionaryOnlyByABetterOne) {
  make(lines("common", 50));
  const DictionaryPtr first = shelf_.current(audience_, now_);
  now_ += Shelf::kRest;
  make(lines("common", 50));
  EXPECT_EQ(shelf_.current(audience_, now_), first);
  now_ += Shelf::kRest;
  make(lines("new look", 50));
  const DictionaryPtr second = shelf_.current(audience_, now_);
  EXPECT_NE(second, first);
  // Browsers have the first for a while.
  EXPECT_EQ(shelf_.find(audience_, first->hash()), first);
  for (std::size_t i = 0; i < Shelf::kMostFormer; ++i) {
    now_ += Shelf::kRest;
    make(lines("look " + std::to_string(i), 50));
  }
  EXPECT_EQ(shelf_.find(audience_, first->hash()), nullptr);
}

TEST_F(ShelfTest, StaysWithinItsBytes) {
  for (int site = 0; site < 400; ++site) {
    audience_ = {.site = id("site" + std::to_string(site)), .group = id("group" + std::to_string(site))};
    make(lines("common", 100));
    now_ += seconds(1);
    EXPECT_LE(shelf_.counts().bytes, std::uint64_t{8} << 20);
    EXPECT_NE(shelf_.current(audience_, now_), nullptr);
  }
  shelf_.set({.bytes = 1 << 20, .share_among = 3});
  EXPECT_LE(shelf_.counts().bytes, std::uint64_t{1} << 20);
}

TEST_F(ShelfTest, TakesAWholePageThatEnoughVisitorsWereSent) {
  const std::string page = lines("article", 40);
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(shelf_.add(audience_, id("/a"), sample("v" + std::to_string(i), page), now_));
  ASSERT_TRUE(add("other", page + lines("more", 3)));
  shelf_.work(audience_, now_);
  ASSERT_NE(shelf_.current(audience_, now_), nullptr);
  EXPECT_EQ(as_text(shelf_.current(audience_, now_)->bytes()), page);
}

TEST_F(ShelfTest, HasNoUseForPagesThatAreTooLarge) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(add(std::to_string(i), std::string(Shelf::kMostSampleBytes + 1, 'x')));
}

}  // namespace
}  // namespace railgun::dictionary
