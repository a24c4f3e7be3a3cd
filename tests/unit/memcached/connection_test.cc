#include "railgund/memcached/connection.h"

#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace railgun::memcached {
namespace {

using namespace std::chrono_literals;

// Gives the same answer to one question of each connection, then closes it, as a memcached with a short idle_timeout
// does.
class ShortServer {
 public:
  explicit ShortServer(std::string answer) : answer_(std::move(answer)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(listening_, reinterpret_cast<sockaddr*>(&address), length);
    ::listen(listening_, 16);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ShortServer() {
    end();
    ::close(listening_);
  }
  void end() {
    ::shutdown(listening_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  int connections() const { return connections_; }
  Servers servers() const { return {.endpoints = {{"127.0.0.1", port_}}, .socket = {}, .timeout = 10s}; }

 private:
  void serve() {
    for (int peer = 0; (peer = ::accept(listening_, nullptr, nullptr)) >= 0;) {
      ++connections_;
      char question[4096];
      if (::read(peer, question, sizeof question) > 0 && ::write(peer, answer_.data(), answer_.size()) < 0) return;
      ::close(peer);
    }
  }

  const std::string answer_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

TEST(Connection, ThatWasClosedMeanwhileIsMadeAgainForALookUp) {
  const ShortServer server("VALUE a 0 1\r\nx\r\nEND\r\n");
  Connection connection(server.servers());
  for (int i = 1; i <= 5; ++i) {
    const auto item = connection.get("a");
    ASSERT_TRUE(item) << i << ": " << item.error().text;
    ASSERT_TRUE(*item);
    EXPECT_EQ(as_text(**item), "x");
    EXPECT_EQ(server.connections(), i);
  }
}

TEST(Connection, ThatWasClosedMeanwhileIsMadeAgainForAWrite) {
  const ShortServer server("STORED\r\n");
  Connection connection(server.servers());
  for (int i = 1; i <= 5; ++i) {
    const auto stored = connection.put("a", as_bytes("x"));
    ASSERT_TRUE(stored) << i << ": " << stored.error().text;
  }
}

TEST(Connection, ToAServerThatIsGoneFailsAfterOneMoreTry) {
  ShortServer server("END\r\n");
  Connection connection(server.servers());
  ASSERT_TRUE(connection.get("a"));
  server.end();
  for (int i = 0; i < 2; ++i) {
    const auto item = connection.get("a");
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error().code, Errc::kUnavailable);
  }
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace railgun::memcached
