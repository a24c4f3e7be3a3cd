#include "railgund/net/event_loop.h"

#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, RunsPostedWorkInOrder) {
  EventLoop loop;
  std::vector<int> seen;
  loop.post([&] { seen.push_back(1); });
  loop.post([&] {
    seen.push_back(2);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TEST(EventLoop, TakesWorkFromOtherThreads) {
  EventLoop loop;
  int count = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop.post([&] {
        if (++count == 1000) loop.stop();
      });
    }
  });
  loop.run();
  other.join();
  EXPECT_EQ(count, 1000);
}

TEST(EventLoop, RunsAgainAfterStop) {
  EventLoop loop;
  for (int i = 0; i < 2; ++i) {
    bool ran = false;
    loop.post([&] {
      ran = true;
      loop.stop();
    });
    loop.run();
    EXPECT_TRUE(ran);
  }
}

TEST(Deferred, RunsOnceAfterTheCallbacksOfTheTurn) {
  EventLoop loop;
  std::vector<int> seen;
  Deferred deferred(loop, [&] {
    seen.push_back(9);
    loop.stop();
  });
  loop.post([&] {
    deferred.schedule();
    deferred.schedule();
    seen.push_back(1);
  });
  loop.post([&] { seen.push_back(2); });
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 9}));
}

TEST(Deferred, ThatAsksAgainRunsInTheNextTurnWithoutWaiting) {
  EventLoop loop;
  int runs = 0;
  std::unique_ptr<Deferred> deferred;
  deferred = std::make_unique<Deferred>(loop, [&] {
    if (++runs < 3) {
      deferred->schedule();
    } else {
      loop.stop();
    }
  });
  deferred->schedule();
  loop.run();
  EXPECT_EQ(runs, 3);
}

TEST(Deferred, MayDestroyItselfAndOthers) {
  EventLoop loop;
  std::unique_ptr<Deferred> first, second;
  bool second_ran = false;
  first = std::make_unique<Deferred>(loop, [&] {
    first.reset();
    second.reset();
    loop.stop();
  });
  second = std::make_unique<Deferred>(loop, [&] { second_ran = true; });
  first->schedule();
  second->schedule();
  loop.run();
  EXPECT_EQ(first, nullptr);
  EXPECT_FALSE(second_ran);
}

TEST(Timer, IsNeverEarly) {
  EventLoop loop;
  const Instant due = loop.now() + 3ms;
  Instant fired{};
  Timer timer(loop, [&] {
    fired = loop.now();
    loop.stop();
  });
  timer.set(due);
  EXPECT_TRUE(timer.is_set());
  loop.run();
  EXPECT_GE(fired, due);
  EXPECT_FALSE(timer.is_set());
}

TEST(Timer, FiresInOrderAndOnlyIfStillSet) {
  EventLoop loop;
  std::vector<int> seen;
  Timer late(loop, [&] {
    seen.push_back(3);
    loop.stop();
  });
  Timer early(loop, [&] { seen.push_back(1); });
  Timer cancelled(loop, [&] { seen.push_back(2); });
  late.set(loop.now() + 20ms);
  early.set(loop.now());
  cancelled.set(loop.now() + 1ms);
  cancelled.cancel();
  loop.run();
  EXPECT_EQ(seen, (std::vector<int>{1, 3}));
}

TEST(Timer, CanBeMovedLaterAndEarlier) {
  EventLoop loop;
  const Instant start = loop.now();
  Instant later_fired{}, earlier_fired{};
  Timer later(loop, [&] {
    later_fired = loop.now();
    loop.stop();
  });
  Timer earlier(loop, [&] { earlier_fired = loop.now(); });
  later.set(start);
  later.set(start + 20ms);
  earlier.set(start + 1h);
  earlier.set(start + 1ms);
  loop.run();
  EXPECT_GE(later_fired, start + 20ms);
  EXPECT_NE(earlier_fired, Instant{});
  EXPECT_LE(earlier_fired, later_fired);
}

TEST(Timer, MayDestroyItself) {
  EventLoop loop;
  std::unique_ptr<Timer> timer;
  timer = std::make_unique<Timer>(loop, [&] {
    timer.reset();
    loop.stop();
  });
  timer->set(loop.now());
  loop.run();
  EXPECT_EQ(timer, nullptr);
}

TEST(SignalWatch, TellsOfASignal) {
  EventLoop loop;
  int count = 0;
  const SignalWatch watch(loop, SIGUSR1, [&] {
    ++count;
    loop.stop();
  });
  std::raise(SIGUSR1);
  loop.run();
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace railgun::net
