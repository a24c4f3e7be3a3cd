#include "railgund/log/log.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgund/log/line.h"

namespace railgun::log {
namespace {

using namespace std::chrono_literals;

TEST(Line, ControlCharactersCannotForgeASecondLine) {
  EXPECT_EQ(clean_line("a\nb\x1b[2J\x7f"), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(clean_line("süß"), "süß");
  EXPECT_EQ(clean_line(std::string(kLineLimit, 'a')), std::string(kLineLimit, 'a'));
  EXPECT_EQ(clean_line(std::string(kLineLimit + 1, 'a')), std::string(kLineLimit, 'a') + "…");
}

TEST(Line, SeverityFollowsTheLevel) {
  EXPECT_EQ(severity_of(kError), 3);
  EXPECT_EQ(severity_of(kInformation), 6);
  EXPECT_EQ(severity_of(kNotice), 5);
  EXPECT_EQ(severity_of(kDebug), 7);
}

TEST(Line, DatagramsAreThoseOfRfc3164) {
  setenv("TZ", "UTC", 1);
  EXPECT_EQ(syslog_datagram(kError, "text", 0, 42), "<27>Jan  1 00:00:00 railgund[42]: text");
  EXPECT_EQ(syslog_datagram(kInformation, "text", 1000000000, 42), "<30>Sep  9 01:46:40 railgund[42]: text");
}

TEST(Line, StandardErrorHasTheTimeAndTheLetterOfTheLevel) {
  setenv("TZ", "UTC", 1);
  EXPECT_EQ(dated_line(kError, "text", 42), "1970-01-01T00:00:00.042+00:00 E text");
  EXPECT_EQ(dated_line(kNotice, "text", 1000000000999), "2001-09-09T01:46:40.999+00:00 N text");
}

TEST(Line, ALevelIsShownFromItsSettingOn) {
  EXPECT_TRUE(is_shown(kError, 0));
  EXPECT_TRUE(is_shown(kNotice, 0));
  EXPECT_FALSE(is_shown(kInformation, 0));
  EXPECT_TRUE(is_shown(kInformation, 1));
  EXPECT_FALSE(is_shown(kDebug, 1));
  EXPECT_TRUE(is_shown(kDebug, 2));
}

TEST(Target, FollowsSyslogAddr) {
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(target_of("").kind, Target::Kind::kSystem);
  EXPECT_EQ(target_of("/dev/log").kind, Target::Kind::kSyslogSocket);
  EXPECT_EQ(target_of("192.0.2.1:514").kind, Target::Kind::kSyslogUdp);
  EXPECT_EQ(target_of("192.0.2.1:514").address, "192.0.2.1:514");
}

// A syslog server on loopback.
class Syslog : public testing::Test {
 protected:
  void SetUp() override {
    server = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::getsockname(server, reinterpret_cast<sockaddr*>(&address), &length), 0);
    target = {Target::Kind::kSyslogUdp, "127.0.0.1:" + std::to_string(ntohs(address.sin_port))};
  }
  void TearDown() override {
    EXPECT_TRUE(open({}, 0));
    ::close(server);
  }
  // What has arrived; the text after "]: " of each.
  std::vector<std::string> lines() {
    EXPECT_TRUE(flush(60s));
    std::vector<std::string> result;
    std::vector<char> buffer(8192);
    for (;;) {
      const ssize_t count = ::recv(server, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0) return result;
      const std::string line(buffer.data(), static_cast<std::size_t>(count));
      result.push_back(line.substr(line.find("]: ") + 3));
    }
  }

  int server = -1;
  Target target;
};

TEST_F(Syslog, GetsTheLinesOfItsLevel) {
  ASSERT_TRUE(open(target, 1));
  error("bad");
  information("good");
  debug("never");
  set_level(5);
  debug("now");
  EXPECT_EQ(lines(), (std::vector<std::string>{"bad", "good", "now"}));
}

TEST_F(Syslog, ShowsNoticesAtTheDefaultLevel) {
  ASSERT_TRUE(open(target, 0));
  notice("started");
  information("a request");
  EXPECT_EQ(lines(), (std::vector<std::string>{"started"}));
}

TEST_F(Syslog, WritesNoticesWithTheSeverityOfOne) {
  ASSERT_TRUE(open(target, 0));
  notice("started");
  ASSERT_TRUE(flush(60s));
  std::vector<char> buffer(8192);
  const ssize_t count = ::recv(server, buffer.data(), buffer.size(), MSG_DONTWAIT);
  ASSERT_GT(count, 0);
  EXPECT_TRUE(std::string(buffer.data(), static_cast<std::size_t>(count)).starts_with("<29>"));  // daemon.notice
}

TEST_F(Syslog, TextIsNotAFormat) {
  ASSERT_TRUE(open(target, 0));
  error("{} %s {0}");
  EXPECT_EQ(lines(), (std::vector<std::string>{"{} %s {0}"}));
}

// A reload with a name waited for the name server on the main thread.
TEST_F(Syslog, LooksAHostUpWithTheFirstLine) {
  // A label of 64 characters: no resolver asks anybody for it.
  ASSERT_TRUE(open({Target::Kind::kSyslogUdp, std::string(64, 'a') + ".test"}, 0));
  EXPECT_FALSE(is_on_standard_error());
  error("a line for standard error");
  ASSERT_TRUE(flush(60s));
  EXPECT_TRUE(is_on_standard_error());
  ASSERT_TRUE(open(target, 0));
  EXPECT_FALSE(is_on_standard_error());
}

TEST_F(Syslog, ABadTargetLeavesTheOldOne) {
  ASSERT_TRUE(open(target, 0));
  const Result<void> result = open({Target::Kind::kSyslogUdp, "host:none"}, 0);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kInvalid);
  error("still here");
  EXPECT_EQ(lines(), (std::vector<std::string>{"still here"}));
}

TEST_F(Syslog, RateLimitSaysHowManyItLeftOut) {
  ASSERT_TRUE(open(target, 0));
  RateLimit limit({.burst = 2, .interval = 5s});
  const Instant start{100s};
  for (int i = 0; i < 5; ++i) limit.write(kError, "line", start);
  EXPECT_EQ(lines(), (std::vector<std::string>{"line", "line"}));
  limit.write(kError, "line", start + 4s);
  EXPECT_TRUE(lines().empty());
  limit.write(kError, "line", start + 5s);
  EXPECT_EQ(lines(), (std::vector<std::string>{"4 more lines like the following were left out", "line"}));
  limit.write(kError, "line", start + 10s);
  EXPECT_EQ(lines(), (std::vector<std::string>{"line"}));
}

// Standard error is a pipe that the test reads, or does not.
class StandardErrorPipe : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe(ends), 0);
    before = ::dup(STDERR_FILENO);
    ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
    ::close(ends[1]);
  }
  void TearDown() override {
    ::dup2(before, STDERR_FILENO);
    ::close(before);
    ::close(ends[0]);
    EXPECT_TRUE(open({}, 0));
  }
  // All that is in the pipe, or comes, until the log has written everything.
  std::string read_all() {
    std::string text;
    std::vector<char> buffer(65536);
    for (bool done = false; !done;) {
      done = flush(10ms);
      pollfd ready{.fd = ends[0], .events = POLLIN, .revents = 0};
      while (::poll(&ready, 1, 0) > 0) {
        const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
        if (count <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
      }
    }
    return text;
  }

  int ends[2] = {-1, -1};
  int before = -1;
};

TEST_F(StandardErrorPipe, ThatNobodyReadsHoldsUpNobody) {
  ASSERT_TRUE(open({}, 1));
  const std::uint64_t dropped_before = dropped_lines();
  const std::string text(1000, 'x');
  for (int i = 0; i < 5000; ++i) information(text);
  EXPECT_FALSE(flush(1ms));
  EXPECT_GT(dropped_lines(), dropped_before);
  EXPECT_NE(read_all().find("lines were dropped"), std::string::npos);
  error("still here");
  EXPECT_NE(read_all().find("E still here\n"), std::string::npos);
}

TEST_F(StandardErrorPipe, GetsTheLinesWhileThereIsNoSyslog) {
  std::string folder = (std::filesystem::temp_directory_path() / "railgun-log-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/socket";
  ASSERT_TRUE(open({Target::Kind::kSyslogSocket, path}, 0));
  EXPECT_TRUE(is_on_standard_error());
  error("one");
  error("two");
  const std::string text = read_all();
  EXPECT_NE(text.find("N no syslog at " + path + " (No such file or directory): logging to standard error\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("no syslog at"), text.rfind("no syslog at")) << text;
  EXPECT_NE(text.find("E one\n"), std::string::npos);
  EXPECT_NE(text.find("E two\n"), std::string::npos);

  // The syslog comes.
  const int server = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  error("three");
  ASSERT_TRUE(flush(60s));
  EXPECT_FALSE(is_on_standard_error());
  std::vector<char> buffer(8192);
  const ssize_t count = ::recv(server, buffer.data(), buffer.size(), MSG_DONTWAIT);
  ASSERT_GT(count, 0);
  EXPECT_TRUE(std::string(buffer.data(), static_cast<std::size_t>(count)).ends_with("]: three"));

  // It stands still: its queue fills up, and nobody waits.
  for (int i = 0; i < 20'000; ++i) error(std::string(1000, 'x'));
  EXPECT_FALSE(flush(1ms));
  ::close(server);
  std::filesystem::remove_all(folder);
  read_all();
}

}  // namespace
}  // namespace railgun::log
