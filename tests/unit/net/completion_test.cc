#include "railgund/net/completion.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

class CompletionTest : public testing::Test {
 protected:
  // Remembers the outcome and ends the loop.
  std::function<void(std::string)> remember() {
    return [this](std::string outcome) {
      outcomes.push_back(std::move(outcome));
      loop.stop();
    };
  }
  EventLoop loop;
  std::vector<std::string> outcomes;
};

TEST_F(CompletionTest, ReportsTheFirstOutcomeAndNotFromInsideTheCall) {
  Completion<std::string> completion(loop, remember());
  EXPECT_FALSE(completion.is_set());
  completion.set("first");
  completion.set("second");
  EXPECT_TRUE(completion.is_set());
  EXPECT_TRUE(outcomes.empty());
  loop.run();
  EXPECT_EQ(outcomes, std::vector<std::string>{"first"});
}

TEST_F(CompletionTest, AReceiverMayDestroyIt) {
  std::unique_ptr<Completion<std::string>> completion;
  completion = std::make_unique<Completion<std::string>>(loop, [&](const std::string& outcome) {
    completion.reset();
    outcomes.push_back(outcome);
    loop.stop();
  });
  completion->set("done");
  loop.run();
  EXPECT_EQ(outcomes, std::vector<std::string>{"done"});
}

TEST_F(CompletionTest, WhatIsSetForLaterCanBeReportedNow) {
  Completion<std::string> completion(loop, remember());
  completion.report_now();  // nothing is set
  completion.set("late", loop.now() + 24h);
  EXPECT_TRUE(completion.is_set());
  completion.report_now();
  loop.run();
  EXPECT_EQ(outcomes, std::vector<std::string>{"late"});
}

TEST_F(CompletionTest, ReportsNothingOnceItIsDestroyed) {
  {
    Completion<std::string> completion(loop, remember());
    completion.set("never");
  }
  loop.post([this] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(outcomes.empty());
}

}  // namespace
}  // namespace railgun::net
