#include "railgund/proxy/lanes.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

const Endpoint kNear{"near.test", 2408};
const Endpoint kFar{"far.test", 2408};

class LanesTest : public testing::Test {
 protected:
  // Begins an attempt on each lane that is due; the ids go on from `last_`. What had to be discarded.
  std::vector<ConnectionId> start_due() {
    std::vector<ConnectionId> discarded;
    while (const Lanes::Lane* lane = lanes_.due(now_)) {
      if (const auto id = lanes_.started(*lane, ConnectionId{++last_}, now_)) discarded.push_back(*id);
    }
    return discarded;
  }

  Instant now_{};
  Lanes lanes_;
  std::uint64_t last_ = 0;
};

TEST_F(LanesTest, AreAsManyAsWanted) {
  EXPECT_TRUE(lanes_.keep({kNear, kFar}, 2, now_).empty());
  start_due();
  EXPECT_EQ(last_, 4U);
  lanes_.up(ConnectionId{1});
  const auto removed = lanes_.keep({kFar}, 3, now_);
  ASSERT_EQ(removed.size(), 2U);
  EXPECT_EQ(removed[0].link, ConnectionId{1});
  EXPECT_EQ(removed[1].attempts, std::vector{ConnectionId{2}});
  start_due();
  EXPECT_EQ(last_, 5U);
}

TEST_F(LanesTest, RetryMoreAndMoreSlowly) {
  lanes_.keep({kNear}, 1, now_);
  start_due();
  Duration last_delay{};
  for (int failures = 0; failures < 20; ++failures) {
    EXPECT_EQ(lanes_.lost(ConnectionId{last_}, "refused", now_), failures == 0);
    const Duration delay = lanes_.deadline() - now_;
    EXPECT_LE(delay, Lanes::kDialEvery);
    EXPECT_GE(delay, Lanes::kFirstDelay * 3 / 4);
    last_delay = delay;
    now_ = lanes_.deadline();
    start_due();
  }
  EXPECT_GE(last_delay, Lanes::kDialEvery * 3 / 4);
  EXPECT_FALSE(lanes_.is_pending({kNear}));
  ASSERT_NE(lanes_.failing({kNear}), nullptr);
  EXPECT_EQ(lanes_.failing({kNear})->why_failed, "refused");
}

// TCP asks again after 1 s, 3 s and 7 s: a line that was back was noticed up to 4 s later.
TEST_F(LanesTest, StartAnotherAttemptWhileOneHasNoAnswer) {
  lanes_.keep({kNear}, 1, now_);
  start_due();
  for (std::size_t attempts = 2; attempts <= Lanes::kAttempts; ++attempts) {
    EXPECT_LE(lanes_.deadline() - now_, Lanes::kDialEvery);
    now_ = lanes_.deadline();
    EXPECT_TRUE(start_due().empty());
    EXPECT_EQ(last_, attempts);
  }
  // The first one keeps its time, for lines whose round trip is longer than all of this.
  now_ = lanes_.deadline();
  EXPECT_EQ(start_due(), std::vector{ConnectionId{2}});
  now_ = lanes_.deadline();
  EXPECT_EQ(start_due(), std::vector{ConnectionId{3}});
  EXPECT_FALSE(lanes_.is_pending({kNear}));
  const Lanes::Replaced replaced = lanes_.up(ConnectionId{6});
  EXPECT_EQ(replaced.attempts, (std::vector{ConnectionId{1}, ConnectionId{4}, ConnectionId{5}}));
  EXPECT_EQ(replaced.link, std::nullopt);
  EXPECT_EQ(lanes_.deadline(), kNever);
  EXPECT_TRUE(lanes_.is_pending({kNear}));
}

TEST_F(LanesTest, MakeAnotherLinkForASilentOne) {
  lanes_.keep({kNear}, 1, now_);
  start_due();
  lanes_.up(ConnectionId{1});
  lanes_.silent(ConnectionId{1}, now_);
  start_due();
  EXPECT_TRUE(lanes_.is_spare(ConnectionId{2}));
  EXPECT_EQ(lanes_.heard(ConnectionId{1}), std::vector{ConnectionId{2}});
  EXPECT_EQ(lanes_.deadline(), kNever);

  lanes_.silent(ConnectionId{1}, now_);
  start_due();
  EXPECT_EQ(lanes_.up(ConnectionId{3}).link, ConnectionId{1});
  EXPECT_TRUE(lanes_.heard(ConnectionId{1}).empty());
}

TEST_F(LanesTest, ReplaceALinkAtATime) {
  lanes_.keep({kNear}, 1, now_);
  start_due();
  lanes_.up(ConnectionId{1});
  lanes_.replace(ConnectionId{1}, now_ + 50ms);
  EXPECT_EQ(lanes_.deadline(), now_ + 50ms);
  EXPECT_FALSE(lanes_.lost(ConnectionId{1}, "closed", now_)) << "it has no lane any more";
  EXPECT_EQ(lanes_.deadline(), now_ + 50ms);
}

TEST_F(LanesTest, DoNothingOnceStopped) {
  lanes_.keep({kNear}, 1, now_);
  start_due();
  lanes_.stop();
  lanes_.lost(ConnectionId{1}, "refused", now_);
  lanes_.silent(ConnectionId{1}, now_);
  EXPECT_EQ(lanes_.deadline(), kNever);
}

}  // namespace
}  // namespace railgun::proxy
