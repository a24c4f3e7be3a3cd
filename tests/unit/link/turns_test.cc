#include "railgund/link/turns.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::link {
namespace {

constexpr std::uint64_t kFrame = 16 * 1024;

// Streams that always have more to send. Sends frames of all, in their order.
class Line {
 public:
  void add(std::uint32_t stream, std::uint8_t urgency = 3) {
    accounts_[stream].set_urgency(urgency);
    turns_.add(stream, accounts_[stream]);
  }
  // Who sends the next frame.
  std::uint32_t send() {
    const std::uint32_t stream = turns_.next();
    Turns::Account& account = accounts_[stream];
    turns_.remove(stream, account);
    turns_.charge(account, kFrame);
    turns_.add(stream, account);
    ++frames_[stream];
    return stream;
  }
  void send(int frames) {
    while (frames-- > 0) send();
  }
  void remove(std::uint32_t stream) { turns_.remove(stream, accounts_[stream]); }
  int frames(std::uint32_t stream) { return frames_[stream]; }
  bool empty() const { return turns_.empty(); }

 private:
  Turns turns_;
  std::map<std::uint32_t, Turns::Account> accounts_;
  std::map<std::uint32_t, int> frames_;
};

TEST(Turns, LikeStreamsShareTheLine) {
  Line line;
  for (std::uint32_t stream = 1; stream <= 5; ++stream) line.add(stream);
  line.send(500);
  for (std::uint32_t stream = 1; stream <= 5; ++stream) EXPECT_NEAR(line.frames(stream), 100, 1);
}

TEST(Turns, AShortAnswerOvertakesBulk) {
  Line line;
  for (std::uint32_t stream = 1; stream <= 50; ++stream) line.add(stream);
  line.send(50 * 20);
  line.add(51);
  // 64 KB in four frames. In turns with the others it would have taken 200.
  int needed = 0;
  while (line.frames(51) < 4) {
    line.send();
    ++needed;
  }
  EXPECT_LE(needed, 4 + 50);
}

TEST(Turns, AStreamThatComesLaterGetsNoCreditForTheTimeBefore) {
  Line line;
  line.add(1);
  line.send(1000);
  line.add(2);
  line.send(4 + 1);  // its cheap bytes
  const int before = line.frames(1);
  line.send(100);
  EXPECT_NEAR(line.frames(1) - before, 50, 3);
}

TEST(Turns, UrgencyHalvesAtEachStepAndNobodyStarves) {
  Line line;
  for (std::uint32_t stream = 0; stream <= 7; ++stream) line.add(stream, static_cast<std::uint8_t>(stream));
  line.send(255 * 40);
  for (std::uint32_t stream = 0; stream < 7; ++stream)
    EXPECT_NEAR(line.frames(stream), 2 * line.frames(stream + 1), 0.2 * line.frames(stream)) << stream;
  EXPECT_GE(line.frames(7), 30);
}

TEST(Turns, OneThatLeavesIsGone) {
  Line line;
  line.add(1);
  line.add(2);
  line.send(7);
  line.remove(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(line.send(), 2u);
  line.remove(2);
  EXPECT_TRUE(line.empty());
}

}  // namespace
}  // namespace railgun::link
