// With a real memcached on a Unix socket or a free port.
#include "railgund/memcached/client.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../eventually.h"

namespace railgun::memcached {
namespace {

using namespace std::chrono_literals;

constexpr const char* kProgram = "/usr/bin/memcached";

using test::eventually;
using test::kTimeout;

// A memcached of our own, ended with the object.
class Server {
 public:
  explicit Server(std::vector<std::string> where) : where_(std::move(where)) { start(); }
  ~Server() { stop(); }

  void start() {
    pid_ = fork();
    if (pid_ == 0) {
      std::vector<std::string> words{kProgram, "-u", "nobody", "-m", "64"};
      words.insert(words.end(), where_.begin(), where_.end());
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(kProgram, arguments.data());
      _exit(127);
    }
  }
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGCONT);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  void signal(int number) const { kill(pid_, number); }

 private:
  std::vector<std::string> where_;
  pid_t pid_ = 0;
};

// A listening TCP socket on a free port of the loopback.
struct Listening {
  int descriptor = -1;
  std::uint16_t port = 0;
  Listening() {
    descriptor = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(descriptor, reinterpret_cast<sockaddr*>(&address), length);
    listen(descriptor, 16);
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
    port = ntohs(address.sin_port);
  }
  ~Listening() { end(); }
  void end() {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
  }
};

std::uint16_t free_port() { return Listening().port; }

constexpr int kItems = 60;
std::string key(int number) { return "item" + std::to_string(number); }

// Each on a port of its own.
struct ThreeServers {
  ThreeServers() {
    for (int i = 0; i < 3; ++i) {
      ports.push_back(free_port());
      each.push_back(
          std::make_unique<Server>(std::vector<std::string>{"-l", "127.0.0.1", "-p", std::to_string(ports.back())}));
    }
  }
  std::vector<std::uint16_t> ports;
  std::vector<std::unique_ptr<Server>> each;
};

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(access(kProgram, X_OK), 0) << kProgram << " is missing (Debian's package memcached)";
    std::string name = (std::filesystem::temp_directory_path() / "railgun_memcached_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    std::filesystem::permissions(folder_, std::filesystem::perms::all);  // memcached becomes nobody
    socket_ = (folder_ / "socket").string();
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  Options on_socket(Duration timeout = kTimeout) const {
    Options options;
    options.servers.socket = socket_;
    options.servers.timeout = timeout;
    return options;
  }
  static Options on_ports(std::vector<std::uint16_t> ports, Duration timeout = kTimeout) {
    Options options;
    for (const std::uint16_t port : ports) options.servers.endpoints.push_back({"127.0.0.1", port});
    options.servers.timeout = timeout;
    return options;
  }
  Client::Log log() {
    return [this](LogLevel, const std::string& text) {
      const std::scoped_lock lock(mutex_);
      logged_ += text + "\n";
    };
  }
  bool has_logged(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    return logged_.find(text) != std::string::npos;
  }
  // Waits for the answer.
  static std::optional<std::string> get(Client& client, const std::string& key) {
    auto promise = std::make_shared<std::promise<std::optional<Bytes>>>();
    client.get(key, [promise](std::optional<Bytes> item) { promise->set_value(std::move(item)); });
    const std::optional<Bytes> item = promise->get_future().get();
    if (!item) return std::nullopt;
    return std::string(as_text(*item));
  }
  // Stores it and makes sure that it is there; waits for a server that is only starting.
  static bool put_and_see(Client& client, const std::string& key, const std::string& item) {
    return eventually([&] {
      client.put(key, to_bytes(as_bytes(item)));
      return get(client, key) == item;
    });
  }

  std::filesystem::path folder_;
  std::string socket_;
  std::mutex mutex_;
  std::string logged_;
};

TEST_F(ClientTest, FindsWhatItStoredAndNothingElse) {
  const Server server({"-s", socket_});
  Client client(on_socket(), log());
  ASSERT_TRUE(put_and_see(client, "rgv1:1", std::string("a\0b\r\nEND\r\n", 10)));
  EXPECT_EQ(get(client, "rgv1:2"), std::nullopt);
  ASSERT_TRUE(put_and_see(client, "empty", ""));
  // An item may be found by one thread before the other one has counted it.
  EXPECT_TRUE(eventually([&] {
    const Counters counters = client.counters();
    return counters.hits >= 2 && counters.misses >= 1 && counters.stored >= 2;
  }));
}

TEST_F(ClientTest, StoresOverTcpWhereAnotherClientFindsIt) {
  const std::uint16_t ports[] = {free_port(), free_port(), free_port()};
  const Server one({"-l", "127.0.0.1", "-p", std::to_string(ports[0])});
  const Server two({"-l", "127.0.0.1", "-p", std::to_string(ports[1])});
  const Server three({"-l", "127.0.0.1", "-p", std::to_string(ports[2])});
  Client writer(on_ports({ports[0], ports[1], ports[2]}), log());
  Client reader(on_ports({ports[0], ports[1], ports[2]}), log());
  for (int i = 0; i < 30; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_TRUE(put_and_see(writer, key, "item " + key));
    EXPECT_EQ(get(reader, key), "item " + key);
  }
  // They are spread: one server alone does not have them all, nor none.
  Client single(on_ports({ports[0]}), log());
  int there = 0;
  for (int i = 0; i < 30; ++i) there += get(single, "key" + std::to_string(i)) ? 1 : 0;
  EXPECT_GT(there, 0);
  EXPECT_LT(there, 30);
}

TEST_F(ClientTest, DoesNotStoreWhatIsTooLarge) {
  const Server server({"-s", socket_});
  Options options = on_socket();
  options.servers.item_limit_bytes = 8 << 20;
  Client client(options, log());
  ASSERT_TRUE(put_and_see(client, "a", "1"));
  client.put("ours", Bytes((8 << 20) + 1));
  client.put("servers", Bytes(2 << 20));  // memcached's own limit is 1 MB
  EXPECT_TRUE(eventually([&] { return client.counters().too_large == 2; }));
  EXPECT_EQ(get(client, "servers"), std::nullopt);
  EXPECT_EQ(get(client, "a"), "1");
  EXPECT_FALSE(client.counters().is_open);
}

TEST_F(ClientTest, TakesAnItemOverItsLimitForAMiss) {
  const Server server({"-s", socket_});
  Client large(on_socket(), log());
  ASSERT_TRUE(put_and_see(large, "a", std::string(10'000, 'x')));
  Options options = on_socket();
  options.servers.item_limit_bytes = 9'999;
  Client small(options, log());
  EXPECT_EQ(get(small, "a"), std::nullopt);
}

TEST_F(ClientTest, GoesOnAfterAFlushAndAfterARestart) {
  const std::uint16_t port = free_port();
  Server server({"-l", "127.0.0.1", "-p", std::to_string(port)});
  Client client(on_ports({port}), log());
  ASSERT_TRUE(put_and_see(client, "a", "1"));

  const int flusher = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  ASSERT_EQ(connect(flusher, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(write(flusher, "flush_all\r\n", 11), 11);
  char answer[16];
  ASSERT_GT(read(flusher, answer, sizeof answer), 0);
  close(flusher);
  EXPECT_EQ(get(client, "a"), std::nullopt);

  server.stop();
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(get(client, "a"), std::nullopt);
    return client.counters().is_open;
  }));
  EXPECT_TRUE(has_logged("memcached: connection failed"));
  EXPECT_TRUE(has_logged("going on without it"));
  server.start();
  EXPECT_TRUE(put_and_see(client, "a", "2"));
  EXPECT_TRUE(has_logged("memcached: answers again"));
}

// The breaker of one server was that of all, and its failures closed the connections to the others.
TEST_F(ClientTest, GoesOnWithTheOthersWhenOneOfThreeIsGone) {
  ThreeServers three;
  // One thread: each has a handle of libmemcached, which leaves a server alone for a second that was not up when it asked.
  Options options = on_ports(three.ports);
  options.threads = 1;
  Client client(options, log());
  for (int i = 0; i < kItems; ++i) ASSERT_TRUE(put_and_see(client, key(i), "1"));
  const std::vector<ServerCounters> before = client.servers();
  three.each[0]->stop();
  const auto found = [&] {
    int count = 0;
    for (int i = 0; i < kItems; ++i) count += get(client, key(i)).has_value() ? 1 : 0;
    return count;
  };
  int others = found();
  EXPECT_GE(others, kItems / 3);
  EXPECT_LT(others, kItems);
  // What is not stored while it is gone is nothing else's: the others' items are all found, each time.
  const std::string name = "memcached 127.0.0.1:" + std::to_string(three.ports[0]);
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(found(), others);
    return has_logged(name + ": connection failed") && has_logged("going on without it");
  }));
  EXPECT_FALSE(client.counters().is_open);
  std::vector<ServerCounters> each = client.servers();
  ASSERT_EQ(each.size(), 3u);
  EXPECT_EQ(each[0].name, "127.0.0.1:" + std::to_string(three.ports[0]));
  EXPECT_TRUE(each[0].is_down);
  EXPECT_GT(each[0].refused, 0u);
  EXPECT_GT(each[0].errors, 0u);
  for (const std::size_t other : {std::size_t{1}, std::size_t{2}}) {
    EXPECT_FALSE(each[other].is_down);
    EXPECT_GT(each[other].hits, 0u);
    EXPECT_EQ(each[other].errors, before[other].errors);
  }
  three.each[0]->start();
  for (int i = 0; i < kItems; ++i) EXPECT_TRUE(put_and_see(client, key(i), "2"));
  EXPECT_EQ(found(), kItems);
  EXPECT_TRUE(has_logged(name + ": answers again"));
}

TEST_F(ClientTest, FindsReplicasWhileAServerIsGoneAndGivesThemBackToIt) {
  ThreeServers three;
  Options options = on_ports(three.ports);
  options.threads = 1;
  options.servers.replicas = 1;
  Client client(options, log());
  const auto found = [&] {
    int count = 0;
    for (int i = 0; i < kItems; ++i) count += get(client, key(i)) == "1" ? 1 : 0;
    return count;
  };
  // All three are up once each has stored something.
  ASSERT_TRUE(eventually([&] {
    for (int i = 0; i < kItems; ++i) client.put(key(i), to_bytes(as_bytes("1")));
    const auto counted = client.servers();
    return found() == kItems &&
           std::ranges::all_of(counted, [](const ServerCounters& one) { return one.stored > 0 && one.hits > 0; });
  }));
  for (int i = 0; i < kItems; ++i) client.put(key(i), to_bytes(as_bytes("1")));

  three.each[0]->stop();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(found(), kItems);
  // Empty at first: it misses, and is given what the replicas found.
  three.each[0]->start();
  const std::uint64_t hits = client.servers()[0].hits;
  EXPECT_TRUE(eventually([&] {
    EXPECT_EQ(found(), kItems);
    return client.servers()[0].hits >= hits + 10;
  }));
  // A look-up counts once, however many were asked.
  const Counters before = client.counters();
  EXPECT_EQ(get(client, "unknown"), std::nullopt);
  EXPECT_EQ(client.counters().misses, before.misses + 1);
}

TEST_F(ClientTest, AnswersMissesWhileTheServerHangsAndNeverBlocksTheCaller) {
  const Server server({"-s", socket_});
  Client warm(on_socket(), log());
  ASSERT_TRUE(put_and_see(warm, "a", "1"));
  server.signal(SIGSTOP);
  std::atomic<int> answers = 0;
  Client patient(on_socket(10min), log());
  for (int i = 0; i < 1000; ++i) patient.get("a", [&answers](std::optional<Bytes>) { ++answers; });
  EXPECT_EQ(answers, 0);  // the caller was not made to wait for one

  Client client(on_socket(50ms), log());
  std::atomic<int> misses = 0;
  for (int i = 0; i < 1000; ++i) {
    client.get("a", [&misses](std::optional<Bytes> item) { misses += item ? 0 : 1; });
  }
  EXPECT_TRUE(eventually([&] { return misses == 1000; }));
  EXPECT_TRUE(has_logged("memcached: i/o timeout"));
  EXPECT_TRUE(eventually([&] {
    get(client, "a");
    return client.counters().is_open;
  }));
  server.signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return get(client, "a") == "1"; }));
  EXPECT_TRUE(eventually([&] { return answers == 1000; }));
}

TEST_F(ClientTest, TakesAServerThatIsNoMemcachedForMisses) {
  for (const std::string_view babble :
       {"HTTP/1.1 400 Bad Request\r\n\r\n", "VALUE other 0 3\r\nabc\r\nEND\r\n",
        "VALUE a 0 1\r\n1\r\nVALUE a 0 1\r\n2\r\nEND\r\n", "VALUE a 0 99999999\r\nx", "\r\n\r\n\r\n", "END"}) {
    Listening listening;
    std::thread server([&] {
      for (;;) {
        const int peer = accept(listening.descriptor, nullptr, nullptr);
        if (peer < 0) return;
        char question[512];
        if (read(peer, question, sizeof question) > 0) (void)!write(peer, babble.data(), babble.size());
        close(peer);
      }
    });
    {
      Client client(on_ports({listening.port}, 200ms), log());
      for (int i = 0; i < 3; ++i) EXPECT_EQ(get(client, "a"), std::nullopt) << babble;
      EXPECT_EQ(client.counters().hits, 0u) << babble;
    }
    shutdown(listening.descriptor, SHUT_RDWR);
    server.join();
  }
}

TEST_F(ClientTest, DropsWritesBeforeItRefusesLookUps) {
  const Server server({"-s", socket_});
  Client warm(on_socket(), log());
  ASSERT_TRUE(put_and_see(warm, "a", "1"));
  Options options = on_socket();
  options.threads = 1;
  options.queue_items = 4;
  Client client(options, log());
  server.signal(SIGSTOP);
  std::atomic<int> answers = 0;
  const auto count = [&answers](std::optional<Bytes>) { ++answers; };
  client.get("a", count);  // the one thread is busy with it
  ASSERT_TRUE(eventually([&] { return client.counters().queued_items == 0; }));
  for (int i = 0; i < 5; ++i) client.put("b", to_bytes(as_bytes("1")));
  EXPECT_EQ(client.counters().dropped_puts, 1u);  // four wait
  for (int i = 0; i < 4; ++i) client.get("a", count);
  EXPECT_EQ(client.counters().dropped_puts, 5u);
  EXPECT_EQ(answers, 0);
  client.get("a", count);
  EXPECT_EQ(answers, 1);  // at once: the queue is full of look-ups
  EXPECT_EQ(client.counters().refused_gets, 1u);
  EXPECT_EQ(client.counters().queued_items, 4u);
  server.signal(SIGCONT);
  EXPECT_TRUE(eventually([&] { return answers == 6; }));
  EXPECT_EQ(client.counters().queued_bytes, 0u);
}

TEST_F(ClientTest, BoundsTheBytesThatWait) {
  const Server server({"-s", socket_});
  Client warm(on_socket(), log());
  ASSERT_TRUE(put_and_see(warm, "a", "1"));
  Options options = on_socket();
  options.threads = 1;
  options.queue_bytes = 100'000;
  Client client(options, log());
  server.signal(SIGSTOP);
  client.get("a", [](std::optional<Bytes>) {});
  ASSERT_TRUE(eventually([&] { return client.counters().queued_items == 0; }));
  for (int i = 0; i < 10; ++i) client.put("b", Bytes(40'000));
  EXPECT_EQ(client.counters().queued_items, 2u);
  EXPECT_LE(client.counters().queued_bytes, 100'000u);
  EXPECT_EQ(client.counters().dropped_puts, 8u);
  server.signal(SIGCONT);
}

TEST_F(ClientTest, MovesToOtherServersOnAReload) {
  const std::string other = (folder_ / "other").string();
  const Server first({"-s", socket_});
  const Server second({"-s", other});
  Client client(on_socket(), log());
  ASSERT_TRUE(put_and_see(client, "a", "1"));
  Servers servers = on_socket().servers;
  servers.socket = other;
  client.reconfigure(servers);
  EXPECT_EQ(get(client, "a"), std::nullopt);
  ASSERT_TRUE(put_and_see(client, "a", "2"));
  client.reconfigure(on_socket().servers);
  EXPECT_EQ(get(client, "a"), "1");
}

TEST_F(ClientTest, AnswersEveryLookUpWhenItEnds) {
  const Server server({"-s", socket_});
  Client warm(on_socket(), log());
  ASSERT_TRUE(put_and_see(warm, "a", "1"));
  std::atomic<int> answers = 0;
  {
    Client client(on_socket(200ms), log());
    server.signal(SIGSTOP);
    for (int i = 0; i < 100; ++i) client.get("a", [&answers](std::optional<Bytes>) { ++answers; });
  }
  server.signal(SIGCONT);  // or `warm` would wait for it as long as it may
  EXPECT_EQ(answers, 100);
}

TEST_F(ClientTest, ForgetsWhatHasExpired) {
  const Server server({"-s", socket_});
  Options options = on_socket();
  options.servers.expiration = 1s;
  Client client(options, log());
  ASSERT_TRUE(put_and_see(client, "a", "1"));
  EXPECT_TRUE(eventually([&] { return !get(client, "a"); }));
  // Longer than memcached's thirty days, after which it would take an age for a date in 1970.
  Servers servers = options.servers;
  servers.expiration = std::chrono::days(40);
  client.reconfigure(servers);
  EXPECT_TRUE(put_and_see(client, "b", "1"));
}

}  // namespace
}  // namespace railgun::memcached
