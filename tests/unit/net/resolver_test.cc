#include "railgund/net/resolver.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

class Resolve : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "railgun-net-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    files = {folder / "resolv.conf", folder / "hosts"};
    // A server that takes questions and answers none: a bound socket that nobody reads.
    server = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::getsockname(server, reinterpret_cast<sockaddr*>(&address), &length), 0);
    std::ofstream(files.servers) << "nameserver 127.0.0.1:" << ntohs(address.sin_port) << "\n";
    std::ofstream(files.hosts) << "192.0.2.1 one.example ONE\n2001:db8::2 two.example\n";
    resolver = std::make_unique<Resolver>(loop, files);
  }
  void TearDown() override {
    lookup.reset();
    resolver.reset();
    ::close(server);
    std::filesystem::remove_all(folder);
  }
  Result<std::vector<SocketAddress>> resolve(const std::string& host, Duration patience = 1min) {
    Result<std::vector<SocketAddress>> result;
    bool is_done = false;
    lookup = resolver->resolve(host, 80, loop.now() + patience, [&](Result<std::vector<SocketAddress>> answer) {
      result = std::move(answer);
      is_done = true;
      loop.stop();
    });
    EXPECT_FALSE(is_done);
    loop.run();
    return result;
  }

  EventLoop loop;
  std::filesystem::path folder;
  ResolverFiles files;
  int server = -1;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<Resolver::Lookup> lookup;
};

TEST_F(Resolve, AddressesNeedNoQuestion) {
  for (const std::string text : {"192.0.2.9", "2001:db8::9", "::1"}) {
    const auto addresses = resolve(text);
    ASSERT_TRUE(addresses);
    ASSERT_EQ(addresses->size(), 1u);
    EXPECT_EQ(addresses->front().endpoint(), (Endpoint{text, 80}));
  }
}

TEST_F(Resolve, HostsFileNeedsNoQuestion) {
  auto addresses = resolve("one.example");
  ASSERT_TRUE(addresses) << addresses.error().text;
  EXPECT_EQ(to_string(addresses->front()), "192.0.2.1:80");
  addresses = resolve("One.Example");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(to_string(addresses->front()), "192.0.2.1:80");
  addresses = resolve("two.example");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(to_string(addresses->front()), "[2001:db8::2]:80");
}

TEST_F(Resolve, ReloadReadsTheFilesAgain) {
  ASSERT_TRUE(resolve("one.example"));
  std::ofstream(files.hosts) << "192.0.2.77 one.example\n";
  resolver->reload();
  const auto addresses = resolve("one.example");
  ASSERT_TRUE(addresses);
  EXPECT_EQ(to_string(addresses->front()), "192.0.2.77:80");
}

TEST_F(Resolve, GivesUpInTime) {
  const auto addresses = resolve("silent.example", 20ms);
  ASSERT_FALSE(addresses);
  EXPECT_EQ(addresses.error().code, Errc::kTimeout);
  EXPECT_EQ(addresses.error().text, "cannot look up silent.example: no answer in time");
}

TEST_F(Resolve, ACancelledLookupNeverAnswers) {
  bool answered = false;
  lookup = resolver->resolve("silent.example", 80, loop.now() + 1h,
                             [&](Result<std::vector<SocketAddress>>) { answered = true; });
  lookup.reset();
  ASSERT_TRUE(resolve("one.example"));
  EXPECT_FALSE(answered);
}

TEST_F(Resolve, LookupsSurviveReloadAndTheResolversEnd) {
  bool answered = false;
  lookup = resolver->resolve("silent.example", 80, loop.now() + 30ms, [&](Result<std::vector<SocketAddress>> answer) {
    answered = !answer;
    loop.stop();
  });
  resolver->reload();
  resolver.reset();
  loop.run();
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace railgun::net
