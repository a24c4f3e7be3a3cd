#include "railgund/app/inheritance.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace railgun::app {
namespace {

// A successor that refused its settings stood as taking over for ever where nobody took note of its end.
TEST(Inheritance, AProcessThatHasEndedDoesNotRunEvenIfItsParentHasNotNoticed) {
  EXPECT_TRUE(is_running(getpid()));
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  EXPECT_TRUE(is_running(child));
  kill(child, SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_running(child));
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_running(child));
}

TEST(Inheritance, ASuccessorKnowsThatItIsOneUntilItHasDismissedTheOther) {
  EXPECT_FALSE(is_successor());
  // No process has this number: the kernel's largest is 2^22.
  setenv("RAILGUN_PREDECESSOR", "2147483647", 1);
  EXPECT_TRUE(is_successor());
  dismiss_predecessor();
  EXPECT_FALSE(is_successor());
}

}  // namespace
}  // namespace railgun::app
