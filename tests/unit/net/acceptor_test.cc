#include "railgund/net/acceptor.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgund/net/socket_options.h"

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

Descriptor dial(const SocketAddress& address) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM, 0));
  EXPECT_EQ(::connect(socket.get(), address.get(), address.length()), 0);
  return socket;
}

TEST(ListenTcp, PortZeroIsChosenByTheKernel) {
  EventLoop loop;
  Result<Descriptor> socket = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(socket) << socket.error().text;
  SocketAddress from;
  Acceptor acceptor(loop, std::move(*socket), [&](Descriptor, const SocketAddress& peer) {
    from = peer;
    loop.stop();
  });
  EXPECT_NE(acceptor.local().port(), 0);
  const Descriptor client = dial(acceptor.local());
  loop.run();
  EXPECT_EQ(from.host(), "127.0.0.1");
}

TEST(ListenTcp, AllAddressesTakeIpv4) {
  EventLoop loop;
  Result<Descriptor> socket = listen_tcp({"*", 0});
  ASSERT_TRUE(socket) << socket.error().text;
  SocketAddress from;
  Acceptor acceptor(loop, std::move(*socket), [&](Descriptor, const SocketAddress& peer) {
    from = peer;
    loop.stop();
  });
  const Descriptor client = dial(*SocketAddress::parse("127.0.0.1", acceptor.local().port()));
  loop.run();
  EXPECT_EQ(from.host(), "127.0.0.1");  // however the kernel spells it
}

TEST(ListenTcp, AllOfIpv6LeavesIpv4ToOthersThatAreListed) {
  const Endpoint all_ipv6{"::", 80};
  EXPECT_TRUE(leaves_ipv4(all_ipv6, {{"0.0.0.0", 80}, {"::", 80}}));
  EXPECT_TRUE(leaves_ipv4(all_ipv6, {{"::", 80}, {"127.0.0.1", 80}}));
  EXPECT_TRUE(leaves_ipv4({"0:0::0", 80}, {{"localhost", 80}}));
  EXPECT_FALSE(leaves_ipv4(all_ipv6, {{"::", 80}}));
  EXPECT_FALSE(leaves_ipv4(all_ipv6, {{"0.0.0.0", 81}, {"::", 80}}));
  EXPECT_FALSE(leaves_ipv4({"::1", 80}, {{"0.0.0.0", 80}, {"::1", 80}}));
  EXPECT_FALSE(leaves_ipv4({"*", 80}, {{"0.0.0.0", 80}, {"*", 80}}));
}

TEST(ListenTcp, BothFamiliesBindOnePortInEitherOrder) {
  for (const bool ipv4_first : {true, false}) {
    Result<Descriptor> first = ipv4_first ? listen_tcp({"0.0.0.0", 0}) : listen_tcp({"::", 0}, {.ipv6_only = true});
    if (!first && !ipv4_first) GTEST_SKIP() << "needs IPv6: " << first.error().text;
    ASSERT_TRUE(first) << first.error().text;
    EventLoop loop;
    const Acceptor acceptor(loop, std::move(*first), [](Descriptor, const SocketAddress&) {});
    const std::uint16_t port = acceptor.local().port();
    const auto second = ipv4_first ? listen_tcp({"::", port}, {.ipv6_only = true}) : listen_tcp({"0.0.0.0", port});
    if (!second && ipv4_first && second.error().code != Errc::kUnavailable) GTEST_SKIP() << second.error().text;
    EXPECT_TRUE(second) << second.error().text;
  }
}

TEST(ListenTcp, AUsedPortIsAnErrorThatNamesIt) {
  EventLoop loop;
  Result<Descriptor> first = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(first);
  const Acceptor acceptor(loop, std::move(*first), [](Descriptor, const SocketAddress&) {});
  const Result<Descriptor> second = listen_tcp(acceptor.local().endpoint());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
  EXPECT_TRUE(second.error().text.starts_with("cannot listen on " + to_string(acceptor.local()) + ": " +
                                              error_text(EADDRINUSE)));
}

TEST(ListenTcp, APortIsSharedWhenBothAsk) {
  EventLoop loop;
  Result<Descriptor> first = listen_tcp({"127.0.0.1", 0}, {.backlog = 8, .share_port = true});
  ASSERT_TRUE(first);
  const Acceptor acceptor(loop, std::move(*first), [](Descriptor, const SocketAddress&) {});
  EXPECT_TRUE(listen_tcp(acceptor.local().endpoint(), {.backlog = 8, .share_port = true}));
}

TEST(ListenTcp, NamesAreRefused) {
  const Result<Descriptor> socket = listen_tcp({"www.example.com", 0});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Errc::kInvalid);
}

TEST(Acceptor, PausesWhenOutOfDescriptorsAndGoesOn) {
  EventLoop loop;
  Result<Descriptor> socket = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(socket);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  int accepted = 0;
  std::string trouble;
  Acceptor acceptor(
      loop, std::move(*socket),
      [&](Descriptor, const SocketAddress&) {
        ++accepted;
        loop.stop();
      },
      [&](const Error& error) {
        trouble = error.text;
        EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
      });
  const Descriptor client = dial(acceptor.local());
  const rlimit none{.rlim_cur = static_cast<rlim_t>(client.get() + 1), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  // No number below the limit may be left free.
  std::vector<Descriptor> fillers;
  for (int number = ::dup(0); number >= 0; number = ::dup(0)) fillers.emplace_back(number);
  const Instant start = loop.now();
  loop.run();
  EXPECT_EQ(accepted, 1);
  EXPECT_EQ(trouble, "cannot accept connections: " + error_text(EMFILE) + " (raise LimitNOFILE or ulimit -n)");
  EXPECT_GE(loop.now() - start, Acceptor::kPause);
}

class ListenUnix : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-net-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder / "control.sock";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder, path;
};

TEST_F(ListenUnix, HasTheModeAskedFor) {
  const Result<Descriptor> socket = listen_unix(path, 0660);
  ASSERT_TRUE(socket) << socket.error().text;
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TEST_F(ListenUnix, ReplacesASocketOfTheDeadButNotOfTheLiving) {
  Result<Descriptor> first = listen_unix(path, 0600);
  ASSERT_TRUE(first);
  const Result<Descriptor> second = listen_unix(path, 0600);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().text, "cannot listen on " + path.string() + ": another process does");
  first->reset();
  EXPECT_TRUE(listen_unix(path, 0600));
}

TEST_F(ListenUnix, LeavesOtherFilesAlone) {
  std::ofstream(path) << "precious";
  const Result<Descriptor> socket = listen_unix(path, 0600);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, Errc::kUnavailable);
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
}

TEST_F(ListenUnix, RefusesAPathThatDoesNotFit) {
  EXPECT_EQ(listen_unix(std::string(108, 'x'), 0600).error().code, Errc::kInvalid);
  EXPECT_EQ(listen_unix("", 0600).error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace railgun::net
