#include "railgund/dictionary/ledger.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

Id128 id(const std::string& name) { return hash128(as_bytes(name)); }

std::string page(const std::string& change) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::to_string(hash64(as_bytes(std::to_string(i)))) + "\n";
  return text + change;
}

class LedgerTest : public testing::Test {
 protected:
  Hash add(const std::string& text, const std::string& place = "anna", const std::string& address = "/") {
    const Hash hash = hash_of(as_bytes(text));
    ledger_.add({.address = id(address), .page_template = id("template"), .place = id(place)}, hash, as_bytes(text));
    return hash;
  }
  std::string found(const Hash& hash, const std::string& place = "anna") {
    const DictionaryPtr text = ledger_.find(id(place), hash);
    if (text == nullptr) return "nothing";
    EXPECT_EQ(text->hash(), hash);
    return std::string(as_text(text->bytes()));
  }
  Ledger ledger_{1 << 20};
};

TEST_F(LedgerTest, GivesBackEachPageThatWasSent) {
  const Hash first = add(page("one"));
  const Hash second = add(page("two"));
  const Hash other = add("quite another page", "anna", "/other");
  EXPECT_EQ(found(first), page("one"));
  EXPECT_EQ(found(second), page("two"));
  EXPECT_EQ(found(other), "quite another page");
  EXPECT_EQ(found(hash_of({})), "nothing");
  EXPECT_EQ(ledger_.counts().pages, 3u);
}

TEST_F(LedgerTest, GivesAPageToNobodyElse) {
  const Hash hash = add(page("of anna"), "anna");
  EXPECT_EQ(found(hash, "bert"), "nothing");
  add(page("of anna"), "bert");
  EXPECT_EQ(found(hash, "bert"), page("of anna"));
}

TEST_F(LedgerTest, KeepsWhatDiffers) {
  add(page(""));
  const std::uint64_t before = ledger_.counts().page_bytes;
  for (int i = 0; i < 100; ++i) add(page(std::to_string(i)), "visitor" + std::to_string(i));
  EXPECT_LT(ledger_.counts().page_bytes - before, 100u * 400);
}

TEST_F(LedgerTest, KeepsAPageThatHasChangedALot) {
  add(page("one"));
  std::string changed;
  for (int i = 0; i < 500; ++i) changed += std::to_string(hash64(as_bytes("new" + std::to_string(i)))) + "\n";
  const Hash hash = add(changed);
  EXPECT_EQ(found(hash), changed);
  EXPECT_EQ(found(add(changed + "x")), changed + "x");
}

TEST_F(LedgerTest, KeepsPagesOfManyAddressesOfOneTemplate) {
  std::string common;
  for (int i = 0; i < 1500; ++i) common += std::to_string(hash64(as_bytes("common" + std::to_string(i)))) + "\n";
  const auto text_of = [&](int address, int version) {
    return common + page(std::to_string(address) + "." + std::to_string(version));
  };
  // 33 KB each. A tenth of them prepared would be more than 1 MB.
  std::vector<Hash> names;
  for (int address = 0; address < 200; ++address)
    names.push_back(add(text_of(address, 1), "anna", "/" + std::to_string(address)));
  for (int address = 0; address < 200; ++address)
    EXPECT_EQ(found(names[static_cast<std::size_t>(address)]), text_of(address, 1));
  // Against a packed version, and one that is prepared again.
  for (int version = 2; version < 12; ++version) names[7] = add(text_of(7, version), "anna", "/7");
  EXPECT_EQ(found(names[7]), text_of(7, 11));
  EXPECT_LE(ledger_.counts().page_bytes, std::uint64_t{1} << 20);
}

TEST_F(LedgerTest, KeepsPagesThatCannotBePacked) {
  std::mt19937 random(1);
  std::vector<std::pair<Hash, std::string>> all;
  for (int address = 0; address < 8; ++address) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += static_cast<char>(random());
    all.emplace_back(add(text, "anna", "/" + std::to_string(address)), text);
    all.emplace_back(add(text + "x", "anna", "/" + std::to_string(address)), text + "x");
  }
  for (const auto& [hash, text] : all) EXPECT_EQ(found(hash), text);
}

TEST_F(LedgerTest, StaysWithinItsBytes) {
  std::string text;
  Hash last{};
  for (int i = 0; i < 3000; ++i) {
    last = add(page(std::to_string(i)), "anna", "/" + std::to_string(i % 60));
    EXPECT_LE(ledger_.counts().page_bytes, std::uint64_t{1} << 20);
  }
  EXPECT_EQ(found(last), page("2999"));
  ledger_.set_limit(0);
  EXPECT_EQ(ledger_.counts().page_bytes, 0u);
  EXPECT_EQ(found(last), "nothing");
}

}  // namespace
}  // namespace railgun::dictionary
