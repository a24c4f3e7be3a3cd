#include "railgund/net/resolver.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "railgund/net/dns_over_tcp.h"

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
  Result<std::vector<SocketAddress>> resolve(const std::string& host, Duration timeout = 1min) {
    Result<std::vector<SocketAddress>> result;
    bool is_done = false;
    lookup = resolver->resolve(host, 80, loop.now() + timeout, [&](Result<std::vector<SocketAddress>> answer) {
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

// A name server on one port: over UDP it says that the answer does not fit (or nothing), over TCP it gives one address
// for every name but "gone.example".
class NameServer {
 public:
  explicit NameServer(int udp) : udp_(udp) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(udp_, reinterpret_cast<sockaddr*>(&address), &length);
    tcp_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(tcp_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    is_listening_ = ::bind(tcp_, reinterpret_cast<sockaddr*>(&address), length) == 0 && ::listen(tcp_, 8) == 0;
    udp_thread_ = std::thread([this] { serve_udp(); });
    tcp_thread_ = std::thread([this] { serve_tcp(); });
  }
  ~NameServer() {
    is_ending_ = true;
    ::shutdown(tcp_, SHUT_RDWR);
    udp_thread_.join();
    tcp_thread_.join();
    ::close(tcp_);
  }
  bool is_listening() const { return is_listening_; }

 private:
  void serve_udp() const {
    std::uint8_t message[512];
    while (!is_ending_) {
      pollfd ready{.fd = udp_, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 10) <= 0) continue;
      sockaddr_in from{};
      socklen_t length = sizeof from;
      const ssize_t size = ::recvfrom(udp_, message, sizeof message, 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 12) continue;
      message[2] = 0x83;  // an answer, cut short
      message[3] = 0x80;
      ::sendto(udp_, message, static_cast<std::size_t>(size), 0, reinterpret_cast<sockaddr*>(&from), length);
    }
  }
  void serve_tcp() const {
    for (int peer = 0; (peer = ::accept(tcp_, nullptr, nullptr)) >= 0; ::close(peer)) {
      std::uint8_t size[2];
      while (::recv(peer, size, 2, MSG_WAITALL) == 2) {
        Bytes message(static_cast<std::size_t>(size[0] << 8 | size[1]));
        if (::recv(peer, message.data(), message.size(), MSG_WAITALL) != static_cast<ssize_t>(message.size())) break;
        const bool is_gone = as_text(message).find("gone") != std::string::npos;
        const bool has_answer = !is_gone && message[message.size() - 3] == 1;
        message[2] = 0x81;
        message[3] = is_gone ? 0x83 : 0x80;
        message[7] = has_answer ? 1 : 0;
        if (has_answer) append(message, Bytes{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 53});
        const std::uint8_t length[2] = {static_cast<std::uint8_t>(message.size() >> 8),
                                        static_cast<std::uint8_t>(message.size())};
        if (::send(peer, length, 2, MSG_NOSIGNAL) != 2) break;
        if (::send(peer, message.data(), message.size(), MSG_NOSIGNAL) < 0) break;
      }
    }
  }

  const int udp_;
  int tcp_ = -1;
  bool is_listening_ = false;
  std::atomic<bool> is_ending_ = false;
  std::thread udp_thread_, tcp_thread_;
};

TEST_F(Resolve, AnswersThatDoNotFitADatagramAreAskedForOverTcp) {
  const NameServer names(server);
  if (!names.is_listening()) GTEST_SKIP() << "the TCP port of that number is taken";
  const auto addresses = resolve("big.example", 60s);
  ASSERT_TRUE(addresses) << addresses.error().text;
  ASSERT_EQ(addresses->size(), 1U);
  EXPECT_EQ(to_string(addresses->front()), "192.0.2.53:80");
  const auto gone = resolve("gone.example", 60s);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::kNotFound);
}

TEST(NameServers, AreThoseOfTheFile) {
  const auto servers = name_servers(
      "# comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 127.0.0.1:5353\n"
      "nameserver nonsense here\n");
  ASSERT_EQ(servers.size(), 3U);
  EXPECT_EQ(to_string(servers[0]), "192.0.2.1:53");
  EXPECT_EQ(to_string(servers[1]), "[2001:db8::1]:53");
  EXPECT_EQ(to_string(servers[2]), "127.0.0.1:5353");
  EXPECT_EQ(to_string(name_servers("").at(0)), "127.0.0.1:53");
}

}  // namespace
}  // namespace railgun::net
