#include "railgunctl/check/daemon_access.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "railgund/base/descriptor.h"
#include "railgund/net/clock.h"

namespace railgun::ctl {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);
constexpr uid_t kNobody = 65534;

Instant deadline() { return net::steady_now() + kPatience; }

// A socket that listens in a folder that everybody may enter.
class Socket {
 public:
  Socket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-unit-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    ::chmod(folder_.c_str(), 0755);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy_n(path().c_str(), path().size(), address.sun_path);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
  }
  ~Socket() { std::filesystem::remove_all(folder_); }
  std::string path() const { return folder_ + "/app.sock"; }
  void set_mode(mode_t mode) const { EXPECT_EQ(::chmod(path().c_str(), mode), 0); }

 private:
  std::string folder_;
  Descriptor socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

// A process of a user who owns nothing here, until the end of the test.
class Nobody {
 public:
  Nobody() {
    int ready[2];
    EXPECT_EQ(::pipe(ready), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool is_nobody = ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
      if (::write(ready[1], is_nobody ? "y" : "n", 1) != 1) ::_exit(1);
      while (true) ::pause();
    }
    char answer = 'n';
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Nobody() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  long pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(DaemonAccess, CannotBeToldWithoutADaemon) {
  const Socket socket;
  const auto tried = connect_as_daemon(1L << 40, socket.path(), deadline());
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().code, Errc::kUnavailable);
}

TEST(DaemonAccess, IsThatOfTheDaemonsUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can take another user's rights";
  const Socket socket;
  const Nobody nobody;
  socket.set_mode(0600);
  EXPECT_TRUE(connect_as_daemon(::getpid(), socket.path(), deadline()));
  const auto tried = connect_as_daemon(nobody.pid(), socket.path(), deadline());
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().code, Errc::kDenied);
  socket.set_mode(0666);
  EXPECT_TRUE(connect_as_daemon(nobody.pid(), socket.path(), deadline()));
  // The rights were those of a thread: this one still has its own.
  socket.set_mode(0);
  EXPECT_EQ(::access(socket.path().c_str(), W_OK), 0);
}

TEST(DaemonAccess, SaysThatTheDaemonDoesNotSeeAPath) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can look into another process";
  const auto tried = connect_as_daemon(::getpid(), "/nonexistent/app.sock", deadline());
  ASSERT_FALSE(tried);
  EXPECT_EQ(tried.error().code, Errc::kNotFound);
}

}  // namespace
}  // namespace railgun::ctl
