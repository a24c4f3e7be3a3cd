#include "railgund/net/notify.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgund/net/acceptor.h"

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

// systemd's end, under an abstract name of this process.
class Manager : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = "railgun-notify-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    socket = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  void TearDown() override {
    for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS"}) {
      ::unsetenv(name);
    }
  }
  std::string heard() {
    std::array<char, 512> text{};
    const ssize_t count = ::recv(socket.get(), text.data(), text.size(), 0);
    return count < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(count));
  }

  Descriptor socket;
};

TEST_F(Manager, HearsTheStatesOfTheService) {
  const Notifier notifier;
  notifier.ready();
  EXPECT_EQ(heard(), "READY=1");
  notifier.status("serving\nREADY=1");
  EXPECT_EQ(heard(), "STATUS=serving");
  notifier.reloading(Instant(1234567us));
  EXPECT_EQ(heard(), "RELOADING=1\nMONOTONIC_USEC=1234567");
  notifier.main_process(42);
  // Successors that took over one after the other were killed: none had been heard for the watchdog's whole time.
  EXPECT_EQ(heard(), "MAINPID=42\nWATCHDOG=1");
  notifier.stopping();
  EXPECT_EQ(heard(), "STOPPING=1");
}

TEST_F(Manager, WatchdogIsFedAtHalfItsTime) {
  EXPECT_FALSE(Notifier().watchdog_interval());
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(Notifier().watchdog_interval(), 15s);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(Notifier().watchdog_interval());  // meant for another process
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(Notifier().watchdog_interval(), 15s);
  for (const char* const nonsense : {"", "x", "0", "-5", "1x"}) {
    ::setenv("WATCHDOG_USEC", nonsense, 1);
    EXPECT_FALSE(Notifier().watchdog_interval()) << nonsense;
  }
}

TEST_F(Manager, WithoutItNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  Notifier().ready();
  EXPECT_EQ(heard(), "");
}

TEST_F(Manager, SocketsMeantForAnotherProcessAreNotTaken) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  EXPECT_TRUE(take_inherited_sockets().empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
}

// Descriptors 3 and 4 are made to order in a child of this process: a listening socket, and one that is not.
TEST_F(Manager, ListeningSocketsAreTakenWithTheirNames) {
  EXPECT_EXIT(
      {
        Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
        const Descriptor spare(::fcntl(listening->get(), F_DUPFD, 10));
        ::dup2(socket.get(), 4);
        ::dup2(spare.get(), 3);
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "2", 1);
        ::setenv("LISTEN_FDNAMES", "wan:other", 1);
        const std::vector<InheritedSocket> sockets = take_inherited_sockets();
        const bool is_right = sockets.size() == 1 && sockets[0].name == "wan" && sockets[0].socket.get() == 3 &&
                              (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 && take_inherited_sockets().empty();
        std::_Exit(is_right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace railgun::net
