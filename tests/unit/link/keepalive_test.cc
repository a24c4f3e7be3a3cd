#include "railgund/link/keepalive.h"

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

using namespace std::chrono_literals;
using Verdict = Keepalive::Verdict;

TEST(Keepalive, GivesUpOnPeerThatNeverAnswers) {
  Instant now{};
  Keepalive keepalive(30s, 10s, now);
  EXPECT_EQ(keepalive.deadline(), now + 30s);
  now = keepalive.deadline();
  EXPECT_EQ(keepalive.on_deadline(now - 1ns), Verdict::kNothing);
  EXPECT_EQ(keepalive.on_deadline(now), Verdict::kSendPing);
  EXPECT_EQ(keepalive.on_deadline(now), Verdict::kNothing);
  now += 10s;
  EXPECT_EQ(keepalive.on_deadline(now), Verdict::kPeerGone);
}

TEST(Keepalive, TakesWhateverArrivesAsASignOfLife) {
  Instant now{};
  Keepalive keepalive(30s, 10s, now);
  keepalive.heard(now + 20s);
  EXPECT_EQ(keepalive.deadline(), now + 50s);
  now += 50s;
  EXPECT_EQ(keepalive.on_deadline(now), Verdict::kSendPing);
  keepalive.heard(now + 9s);
  EXPECT_EQ(keepalive.on_deadline(now + 10s), Verdict::kNothing);
  EXPECT_EQ(keepalive.on_deadline(now + 19s), Verdict::kPeerGone);
}

TEST(Keepalive, MeasuresFromTheMomentThePingWasSent) {
  Instant now{};
  Keepalive keepalive(30s, 10s, now);
  const std::uint64_t number = keepalive.ping(now);
  EXPECT_FALSE(keepalive.pong(number, now + 1s));  // not sent yet
  keepalive.ping_sent(now + 2s);
  EXPECT_FALSE(keepalive.pong(number + 1, now + 3s));
  EXPECT_EQ(keepalive.pong(number, now + 2s + 50ms), Duration(50ms));
  EXPECT_FALSE(keepalive.pong(number, now + 3s));  // only once
  EXPECT_EQ(keepalive.deadline(), now + 30s);
}

TEST(Keepalive, PingsSoonAfterARequestThatNothingFollows) {
  Instant now{};
  Keepalive keepalive(15s, 10s, now);
  keepalive.sent(now + 3s);
  keepalive.sent(now + 3500ms);
  EXPECT_EQ(keepalive.deadline(), now + 4s);
  EXPECT_EQ(keepalive.on_deadline(now + 4s), Verdict::kSendPing);
  EXPECT_EQ(keepalive.deadline(), now + 14s);
  EXPECT_EQ(keepalive.on_deadline(now + 14s), Verdict::kPeerGone);
}

TEST(Keepalive, PingsOnceForARequestWhoseAnswerTakesLong) {
  Instant now{};
  Keepalive keepalive(15s, 10s, now);
  keepalive.sent(now);
  EXPECT_EQ(keepalive.on_deadline(now + 1s), Verdict::kSendPing);
  keepalive.ping_sent(now + 1s);
  keepalive.heard(now + 1100ms);
  EXPECT_TRUE(keepalive.pong(keepalive.number(), now + 1100ms));
  EXPECT_EQ(keepalive.deadline(), now + 16100ms);
}

TEST(Keepalive, AnAnswerInTimeNeedsNoPing) {
  Instant now{};
  Keepalive keepalive(15s, 10s, now);
  keepalive.sent(now);
  keepalive.heard(now + 200ms);
  EXPECT_EQ(keepalive.deadline(), now + 15200ms);
}

TEST(Keepalive, IsSuspectWhenTheAnswerToAPingIsLate) {
  Instant now{};
  Keepalive keepalive(15s, 10s, now);
  EXPECT_EQ(keepalive.suspect_at(100ms), kNever);
  keepalive.sent(now);
  EXPECT_EQ(keepalive.on_deadline(now + 1s), Verdict::kSendPing);
  EXPECT_EQ(keepalive.suspect_at(std::nullopt), kNever);
  EXPECT_EQ(keepalive.suspect_at(100ms), now + 2s);
  EXPECT_EQ(keepalive.suspect_at(600ms), now + 3400ms);
  keepalive.heard(now + 1200ms);
  EXPECT_EQ(keepalive.suspect_at(100ms), now + 2200ms);
}

}  // namespace
}  // namespace railgun::link
