#include "railgund/tls/ticket_keys.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

using std::chrono::hours;

constexpr WallTime kNow{hours(12 * 30000 + 5)};
const Bytes kOne(kTicketSecretBytes, 1), kTwo(kTicketSecretBytes, 2);

TEST(TicketKeys, AreTheSameAtAllEdgesWithTheSecret) {
  const TicketKey here = TicketKeys({kOne}).current(kNow), there = TicketKeys({kOne, kTwo}).current(kNow + hours(6));
  EXPECT_EQ(here.name, there.name);
  EXPECT_EQ(here.cipher, there.cipher);
  EXPECT_EQ(here.mac, there.mac);
  EXPECT_NE(here.cipher, here.mac);
  EXPECT_NE(here.name, TicketKeys({kTwo}).current(kNow).name);
}

TEST(TicketKeys, ChangeWithThePeriodAndAreAcceptedForOneMore) {
  const TicketKeys keys({kOne});
  const TicketKey made = keys.current(kNow);
  EXPECT_NE(made.name, keys.current(kNow + kTicketPeriod).name);
  const auto find = [&](WallTime when) { return keys.find(made.name, when); };
  ASSERT_TRUE(find(kNow));
  EXPECT_TRUE(find(kNow)->is_current);
  EXPECT_EQ(find(kNow)->key.cipher, made.cipher);
  ASSERT_TRUE(find(kNow + kTicketPeriod));
  EXPECT_FALSE(find(kNow + kTicketPeriod)->is_current);
  EXPECT_EQ(find(kNow + kTicketPeriod)->key.mac, made.mac);
  EXPECT_FALSE(find(kNow + 2 * kTicketPeriod));
  EXPECT_TRUE(find(kNow - kTicketPeriod)) << "an edge whose clock is behind";
  EXPECT_FALSE(find(kNow - 2 * kTicketPeriod));
}

TEST(TicketKeys, OfTheSecretBeforeAreAcceptedAndRenewed) {
  const TicketKey old = TicketKeys({kOne}).current(kNow);
  const auto found = TicketKeys({kTwo, kOne}).find(old.name, kNow);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->is_current);
  EXPECT_EQ(found->key.cipher, old.cipher);
  EXPECT_FALSE(TicketKeys({kTwo}).find(old.name, kNow));
}

TEST(TicketKeys, FindsNothingOfAnotherName) {
  const TicketKeys keys({kOne});
  EXPECT_FALSE(keys.find(Bytes(16, 0), kNow));
  EXPECT_FALSE(keys.find({}, kNow));
  EXPECT_FALSE(keys.find(ByteView(keys.current(kNow).name).first(15), kNow));
}

TEST(TicketSecrets, AreLinesOfHexDigits) {
  const std::string one(64, 'a'), two(64, '0');
  const auto both = parse_ticket_secrets("# the edges' secret\n" + one + "\r\n\n  " + two + "\n");
  ASSERT_TRUE(both) << both.error().text;
  EXPECT_EQ(*both, (std::vector<Bytes>{Bytes(32, 0xaa), Bytes(32, 0)}));
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += one + "\n";
  for (const std::string& wrong :
       {std::string(), std::string("# nothing\n"), one + "a", one.substr(1), "x" + one.substr(1), nine}) {
    const auto parsed = parse_ticket_secrets(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().text.find("aaaa"), std::string::npos) << "the text holds secrets";
  }
}

}  // namespace
}  // namespace railgun::tls
