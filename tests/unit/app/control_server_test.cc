#include "railgund/app/control_server.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace railgun::app {
namespace {

using control::Command;

// A server on a thread of its own, whose handler answers with the command's name; `stats` is never answered.
class ControlServerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "railgun-control-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto server =
        ControlServer::open(loop_, path(), "", [this](const control::Request& request, ControlServer::Reply reply) {
          if (request.command == Command::kStats) {
            ++unanswered_;
            return unanswered_.notify_all();
          }
          if (request.command == Command::kDrain) return reply(fail(Errc::kUnavailable, "not now"));
          reply(std::string(R"({"was":")") + control::name_of(request.command) + "\"}");
        });
    ASSERT_TRUE(server.has_value()) << server.error().text;
    server_ = std::move(*server);
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    loop_.stop();
    thread_.join();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return folder_ + "/control.sock"; }

  net::Descriptor connect() const {
    net::Descriptor client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), path().size());
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval timeout{.tv_sec = 60, .tv_usec = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    return client;
  }
  static void send(const net::Descriptor& client, std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // A line, or what came before the end.
  static std::string line(const net::Descriptor& client) {
    std::string text;
    for (char c; ::recv(client.get(), &c, 1, 0) == 1 && c != '\n';) text += c;
    return text;
  }
  // What `status` says to a new client. Places of clients that left are free as soon as the loop has seen their end.
  std::string answer_once_there_is_room() const {
    std::string answer;
    for (int tries = 0; tries < 1000 && answer.empty(); ++tries) {
      const auto client = connect();
      send(client, request(Command::kStatus));
      answer = line(client);
    }
    return answer;
  }
  void wait_until_unanswered(std::size_t count) const {
    for (std::size_t now = unanswered_; now < count; now = unanswered_) unanswered_.wait(now);
  }
  static std::string request(Command command) { return control::format_request({command, {}}) + '\n'; }

  std::string folder_;
  std::atomic<std::size_t> unanswered_ = 0;  // requests for `stats`
  net::EventLoop loop_;
  std::unique_ptr<ControlServer> server_;
  std::thread thread_;
};

TEST_F(ControlServerTest, AnswersInOrder) {
  const auto client = connect();
  send(client, request(Command::kStatus) + request(Command::kConfig) + "rubbish\n" + request(Command::kDrain));
  EXPECT_EQ(line(client), R"({"ok":true,"version":1,"result":{"was":"status"}})");
  EXPECT_EQ(line(client), R"({"ok":true,"version":1,"result":{"was":"config"}})");
  EXPECT_EQ(control::parse_answer(line(client)).error().code, Errc::kMalformed);
  EXPECT_EQ(control::parse_answer(line(client)).error().text, "not now");
}

TEST_F(ControlServerTest, AnswersALineThatComesInPieces) {
  const auto client = connect();
  for (const char c : request(Command::kStatus)) send(client, std::string_view(&c, 1));
  EXPECT_EQ(line(client), R"({"ok":true,"version":1,"result":{"was":"status"}})");
}

TEST_F(ControlServerTest, AnswersWhoHasEndedHisSide) {
  const auto client = connect();
  send(client, request(Command::kStatus));
  ::shutdown(client.get(), SHUT_WR);
  EXPECT_EQ(line(client), R"({"ok":true,"version":1,"result":{"was":"status"}})");
  EXPECT_EQ(line(client), "");
}

TEST_F(ControlServerTest, ClosesOnALineWithoutEnd) {
  const auto client = connect();
  send(client, std::string(control::kMaxRequestBytes + 1, 'x'));
  EXPECT_EQ(control::parse_answer(line(client)).error().code, Errc::kTooLarge);
  EXPECT_EQ(line(client), "");
}

TEST_F(ControlServerTest, SurvivesClientsThatLeaveAtAnyByte) {
  const std::string text = request(Command::kStatus) + request(Command::kStats);
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto client = connect();
    send(client, text.substr(0, length));
  }
  EXPECT_EQ(answer_once_there_is_room(), R"({"ok":true,"version":1,"result":{"was":"status"}})");
}

// `stats` is never answered here.
TEST_F(ControlServerTest, RefusesOneMoreWhileAllWaitForAnswers) {
  std::vector<net::Descriptor> clients;
  for (std::size_t i = 0; i < ControlServer::kConnections; ++i) {
    clients.push_back(connect());
    send(clients.back(), request(Command::kStatus));
    EXPECT_NE(line(clients.back()), "");
  }
  for (const net::Descriptor& client : clients) send(client, request(Command::kStats));
  // A client whose request has not been read yet counts as silent and would make room.
  wait_until_unanswered(clients.size());
  const auto client = connect();
  send(client, request(Command::kStatus));
  EXPECT_EQ(line(client), "");
}

TEST_F(ControlServerTest, ClosesTheOldestSilentConnectionForANewOne) {
  std::vector<net::Descriptor> silent;
  for (std::size_t i = 0; i < 3 * ControlServer::kConnections; ++i) {
    silent.push_back(connect());
    send(silent.back(), "{");
  }
  const auto client = connect();
  send(client, request(Command::kStatus));
  EXPECT_EQ(line(client), R"({"ok":true,"version":1,"result":{"was":"status"}})");
  EXPECT_EQ(line(silent.front()), "");
}

TEST_F(ControlServerTest, IsClosedToOthers) {
  struct stat about{};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0660U);
}

}  // namespace
}  // namespace railgun::app
