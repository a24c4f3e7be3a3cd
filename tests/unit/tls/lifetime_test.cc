#include "railgund/tls/lifetime.h"

#include <gtest/gtest.h>

namespace railgun::tls {
namespace {

using namespace std::chrono_literals;

const WallTime kNow{1'700'000'000s};  // 2023-11-14 22:13:20

CertificateFacts made_at(WallTime now, std::chrono::seconds life) {
  const Validity validity = validity_from(now, life);
  CertificateFacts facts;
  facts.not_before = validity.from;
  facts.not_after = validity.until;
  return facts;
}

TEST(Lifetime, IsRenewedAtTwoThirdsOfItsLifeWhateverWasDatedBack) {
  EXPECT_EQ(renewal_time(made_at(kNow, 24h * 90)), kNow + 24h * 60);
  EXPECT_EQ(renewal_time(made_at(kNow, 12s)), kNow + 8s);
  CertificateFacts plain;  // of an authority that dates nothing back
  plain.not_before = kNow;
  plain.not_after = kNow + 3h;
  EXPECT_EQ(renewal_time(plain), kNow + 2h);
}

TEST(Lifetime, IsLookedAtWhenDueAndMoreOftenTheLessIsLeft) {
  const CertificateFacts facts = made_at(kNow, 24h * 90);
  EXPECT_EQ(until_next_look(facts, kNow), 1h);
  EXPECT_EQ(until_next_look(facts, kNow + 24h * 60 - 10min), 10min);
  EXPECT_EQ(until_next_look(facts, kNow + 24h * 60), 1h);
  EXPECT_EQ(until_next_look(facts, facts.not_after - 1h), 6min);
  EXPECT_EQ(until_next_look(facts, facts.not_after - 5s), 1s);
  EXPECT_EQ(until_next_look(facts, facts.not_after + 24h), 1s);
}

TEST(Lifetime, SaysByHowMuchClocksDiffer) {
  EXPECT_EQ(clock_difference(kNow, kNow + 4min, "the sender's"), "");
  EXPECT_EQ(
      clock_difference(kNow, kNow + 26h, "the sender's"),
      "the clock here is 1 d 2 h behind the sender's (here 2023-11-14 22:13:20 UTC, there 2023-11-16 00:13:20 UTC)");
  EXPECT_EQ(clock_difference(kNow + 75min, kNow, "the sender's").substr(0, 46),
            "the clock here is 1 h 15 min ahead of the send");
  EXPECT_EQ(clock_difference(kNow + 6min, kNow, "the sender's").substr(0, 24), "the clock here is 6 min ");
}

TEST(Lifetime, ADayEitherWayIsTolerated) {
  EXPECT_TRUE(check_listener_clock(kNow, kNow + 24h));
  EXPECT_TRUE(check_listener_clock(kNow, kNow - 24h));
  EXPECT_TRUE(check_listener_clock(kNow, kNow - kMostSkew));
  const auto behind = check_listener_clock(kNow, kNow - kMostSkew - 1s);
  ASSERT_FALSE(behind);
  EXPECT_NE(behind.error().text.find("1 d 0 h behind the sender's"), std::string::npos) << behind.error().text;
  EXPECT_NE(check_listener_clock(kNow, kNow + 240h).error().text.find("10 d 0 h ahead of"), std::string::npos);
  // What is made for the slowest clock that is let in is good there.
  EXPECT_LT(validity_from(kNow, 1h).from, kNow - kMostSkew);
}

}  // namespace
}  // namespace railgun::tls
