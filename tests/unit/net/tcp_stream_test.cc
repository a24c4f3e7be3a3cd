#include "railgund/net/tcp_stream.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "railgund/net/acceptor.h"

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

// After this, what must happen counts as hanging.
constexpr Duration kTestTimeout = 1min;

// An end of a connection that remembers what it was told and sends what `output` holds.
class Peer : public StreamHandler {
 public:
  explicit Peer(EventLoop& loop) : stream(loop, *this) {}

  void on_connected() override {
    is_connected = true;
    if (then) then();
  }
  void on_bytes(ByteView bytes) override {
    received += as_text(bytes);
    if (then) then();
  }
  void on_end() override {
    has_ended = true;
    if (then) then();
  }
  std::size_t pull(Bytes& to, std::size_t most) override {
    ++pulls;
    const std::size_t count = std::min(most, output.size() - taken);
    append(to, as_bytes(output).subspan(taken, count));
    taken += count;
    return count;
  }
  void on_closed(std::optional<Error> why) override {
    is_closed = true;
    error = std::move(why);
    if (then) then();
  }

  TcpStream stream;
  std::string received, output;
  std::size_t taken = 0;  // of `output`
  int pulls = 0;
  bool is_connected = false, has_ended = false, is_closed = false;
  std::optional<Error> error;
  std::function<void()> then;  // called after each event
};

class Stream : public testing::Test {
 protected:
  // Runs the loop until `done`.
  void run_until(const std::function<bool()>& done) {
    Timer limit(loop, [&] {
      ADD_FAILURE() << "not done in time";
      loop.stop();
    });
    limit.set(loop.now() + kTestTimeout);
    Deferred check(loop, [&] { done() ? loop.stop() : check_again(); });
    again = &check;
    check.schedule();
    loop.run();
    again = nullptr;
  }
  void check_again() { again->schedule(); }

  // Connects `client` and `server` to each other over loopback.
  void connect() {
    Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(listening) << listening.error().text;
    acceptor =
        std::make_unique<Acceptor>(loop, std::move(*listening), [&](Descriptor socket, const SocketAddress& from) {
          EXPECT_TRUE(server->stream.adopt(std::move(socket), from));
        });
    client->stream.connect({acceptor->local()}, loop.now() + kTestTimeout);
    run_until([&] { return client->is_connected && server->stream.is_open(); });
  }

  EventLoop loop;
  Deferred* again = nullptr;
  std::unique_ptr<Peer> client = std::make_unique<Peer>(loop);
  std::unique_ptr<Peer> server = std::make_unique<Peer>(loop);
  std::unique_ptr<Acceptor> acceptor;
};

TEST_F(Stream, CarriesBytesBothWays) {
  connect();
  EXPECT_EQ(server->stream.peer().port(), client->stream.local().port());
  EXPECT_EQ(client->stream.peer().port(), acceptor->local().port());
  client->output = "question";
  client->stream.want_write();
  run_until([&] { return server->received == "question"; });
  server->output = "answer";
  server->stream.want_write();
  run_until([&] { return client->received == "answer"; });
}

TEST_F(Stream, OutputAskedForBeforeTheConnectionIsSentAfterIt) {
  client->output = "early";
  client->stream.want_write();
  connect();
  run_until([&] { return server->received == "early"; });
}

TEST_F(Stream, GathersTheOutputOfATurn) {
  connect();
  const int before = client->pulls;
  loop.post([&] {
    client->output += "one ";
    client->stream.want_write();
    client->output += "two";
    client->stream.want_write();
  });
  run_until([&] { return server->received == "one two"; });
  EXPECT_EQ(client->pulls - before, 2);  // the bytes, and that there are no more
}

TEST_F(Stream, HoldsLittleForAReaderThatDoesNotRead) {
  connect();
  server->stream.set_reading(false);
  const std::string all(32 << 20, 'x');
  client->output = all;
  client->stream.want_write();
  run_until([&] {
    pollfd writable{.fd = client->stream.descriptor(), .events = POLLOUT, .revents = 0};
    return client->taken > 0 && ::poll(&writable, 1, 0) == 0;
  });
  // In the kernel, at both ends.
  int unsent = 0, unread = 0;
  ASSERT_EQ(::ioctl(client->stream.descriptor(), SIOCOUTQ, &unsent), 0);
  ASSERT_EQ(::ioctl(server->stream.descriptor(), FIONREAD, &unread), 0);
  EXPECT_LE(client->taken, static_cast<std::size_t>(unsent + unread) + TcpStream::kPullBytes);
  EXPECT_LT(client->taken, client->output.size());
  server->stream.set_reading(true);
  run_until([&] { return server->received.size() == all.size(); });
  EXPECT_EQ(server->received, all);
}

TEST_F(Stream, TellsOfThePeersEndOnceAndStillSends) {
  connect();
  ::shutdown(client->stream.descriptor(), SHUT_WR);
  run_until([&] { return server->has_ended; });
  EXPECT_TRUE(server->stream.is_open());
  server->output = "still here";
  server->stream.want_write();
  run_until([&] { return client->received == "still here"; });
}

TEST_F(Stream, EndsItsOutputAndStillReads) {
  connect();
  client->output = "all that I say";
  client->stream.want_write();
  client->stream.end_output();
  run_until([&] { return server->has_ended; });
  EXPECT_EQ(server->received, "all that I say");
  server->output = "and I";
  server->stream.want_write();
  run_until([&] { return !client->received.empty(); });
  EXPECT_EQ(client->received, "and I");
  EXPECT_FALSE(client->is_closed);
}

// Nothing is read from it any more, so nothing but a look at it tells.
TEST_F(Stream, TellsThatAPeerThatHasEndedIsGone) {
  connect();
  client->stream.end_output();
  run_until([&] { return server->has_ended; });
  EXPECT_FALSE(server->is_closed);
  client->stream.abort();
  run_until([&] { return server->is_closed; });
  ASSERT_TRUE(server->error.has_value());
  EXPECT_EQ(server->error->code, Errc::kUnavailable);
}

TEST_F(Stream, CloseAfterFlushSendsEverythingFirst) {
  connect();
  const std::string all(4 << 20, 'y');
  server->output = all;
  server->stream.close_after_flush(loop.now() + kTestTimeout);
  // A client that is still sending does not destroy the answer on its way.
  client->output = std::string(100000, 'z');
  client->stream.want_write();
  run_until([&] { return client->has_ended; });
  EXPECT_EQ(client->received, all);
  EXPECT_FALSE(server->is_closed);
  client->stream.close_after_flush(loop.now() + kTestTimeout);
  run_until([&] { return server->is_closed && client->is_closed; });
  EXPECT_FALSE(server->error);
  EXPECT_FALSE(client->error);
  EXPECT_TRUE(server->received.empty());
}

TEST_F(Stream, CloseAfterFlushGivesUpAtItsDeadline) {
  connect();
  client->stream.set_reading(false);
  server->output.assign(32 << 20, 'y');
  server->stream.close_after_flush(loop.now() + 20ms);
  run_until([&] { return server->is_closed; });
  ASSERT_TRUE(server->error);
  EXPECT_EQ(server->error->code, Errc::kTimeout);
}

TEST_F(Stream, CloseTellsThePeerAndNobodyElse) {
  connect();
  client->stream.close();
  run_until([&] { return server->has_ended; });
  EXPECT_FALSE(client->is_closed);
  EXPECT_FALSE(client->stream.is_open());
}

TEST_F(Stream, AbortIsAnErrorAtThePeer) {
  connect();
  client->stream.abort();
  run_until([&] { return server->is_closed; });
  ASSERT_TRUE(server->error);
  EXPECT_EQ(server->error->code, Errc::kUnavailable);
  EXPECT_FALSE(server->has_ended);
}

TEST_F(Stream, ARefusedConnectionIsAnErrorNamingTheAddress) {
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening);
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [](Descriptor, const SocketAddress&) {});
  const SocketAddress nobody = acceptor->local();
  acceptor.reset();
  client->stream.connect({nobody}, loop.now() + kTestTimeout);
  EXPECT_FALSE(client->is_closed);  // not from inside the call
  run_until([&] { return client->is_closed; });
  ASSERT_TRUE(client->error);
  EXPECT_EQ(client->error->code, Errc::kUnavailable);
  EXPECT_EQ(client->error->text, "connection failed " + to_string(nobody) + ": connection refused");
}

TEST_F(Stream, AConnectionThatNobodyAnswersTimesOut) {
  // A listener whose queue is full drops what asks for more, as a dead host would.
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0}, {.backlog = 0, .share_port = false});
  ASSERT_TRUE(listening);
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [](Descriptor, const SocketAddress&) {});
  acceptor->set_accepting(false);
  std::vector<std::unique_ptr<Peer>> crowd;
  for (int i = 0; i < 4; ++i) {
    crowd.push_back(std::make_unique<Peer>(loop));
    crowd.back()->stream.connect({acceptor->local()}, loop.now() + 50ms);
  }
  run_until([&] { return crowd.back()->is_closed; });
  ASSERT_TRUE(crowd.back()->error);
  EXPECT_EQ(crowd.back()->error->code, Errc::kTimeout);
}

// An address that neither takes nor refuses connections: a listener whose queue is full.
class SilentAddress {
 public:
  SilentAddress() {
    Result<Descriptor> made = listen_tcp({"127.0.0.1", 0}, {.backlog = 0});
    EXPECT_TRUE(made);
    listening_ = std::move(*made);
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    getsockname(listening_.get(), address, &length);
    address_ = *SocketAddress::from(address, length);
    for (int i = 0; i < 8; ++i) {
      crowd_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)::connect(crowd_.back().get(), address_.get(), address_.length());
    }
  }
  const SocketAddress& address() const { return address_; }

 private:
  Descriptor listening_;
  std::vector<Descriptor> crowd_;
  SocketAddress address_;
};

TEST_F(Stream, ASilentAddressIsPassedOverAndRemembered) {
  const SilentAddress silent;
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening);
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [](Descriptor, const SocketAddress&) {});
  const std::vector<SocketAddress> both{silent.address(), acceptor->local()};
  client->stream.connect(both, loop.now() + kTestTimeout);
  run_until([&] { return client->is_connected; });
  EXPECT_EQ(to_string(client->stream.peer()), to_string(acceptor->local()));
  EXPECT_EQ(to_string(loop.address_history().in_order(both, loop.now()).front()), to_string(acceptor->local()));
}

TEST_F(Stream, ARefusedAddressIsPassedOverAtOnce) {
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening);
  SocketAddress nobody;
  {
    Result<Descriptor> other = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(other);
    nobody = Acceptor(loop, std::move(*other), [](Descriptor, const SocketAddress&) {}).local();
  }
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [](Descriptor, const SocketAddress&) {});
  client->stream.connect({nobody, nobody, acceptor->local()}, loop.now() + kTestTimeout);
  run_until([&] { return client->is_connected; });
  EXPECT_EQ(client->stream.peer().port(), acceptor->local().port());
}

TEST_F(Stream, TheLastAddressThatFailsIsNamed) {
  std::vector<SocketAddress> nobody;
  for (int i = 0; i < 3; ++i) {
    Result<Descriptor> other = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(other);
    nobody.push_back(Acceptor(loop, std::move(*other), [](Descriptor, const SocketAddress&) {}).local());
  }
  client->stream.connect(nobody, loop.now() + kTestTimeout);
  run_until([&] { return client->is_closed; });
  ASSERT_TRUE(client->error);
  EXPECT_EQ(client->error->code, Errc::kUnavailable);
  EXPECT_NE(client->error->text.find("connection refused"), std::string::npos) << client->error->text;
}

TEST_F(Stream, MayBeClosedOrFlushedWhileItConnects) {
  const SilentAddress silent;
  client->stream.connect({silent.address(), silent.address()}, loop.now() + kTestTimeout);
  client->stream.close();
  server->stream.connect({silent.address()}, loop.now() + kTestTimeout);
  server->stream.close_after_flush(loop.now());
  run_until([&] { return server->is_closed; });
  EXPECT_FALSE(client->is_closed);
}

TEST_F(Stream, AnUnknownCongestionControlFailsTheConnectionByName) {
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening);
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [](Descriptor, const SocketAddress&) {});
  client->stream.connect({acceptor->local()}, loop.now() + kTestTimeout, {.congestion = "nosuch"});
  run_until([&] { return client->is_closed; });
  ASSERT_TRUE(client->error);
  EXPECT_EQ(client->error->code, Errc::kUnsupported);
}

TEST_F(Stream, MayBeDestroyedByItsHandlerInEveryCall) {
  connect();
  client->then = [&] { client.reset(); };
  server->output = "x";
  server->stream.want_write();
  run_until([&] { return client == nullptr; });
  run_until([&] { return server->has_ended; });
  server->then = nullptr;

  client = std::make_unique<Peer>(loop);
  server = std::make_unique<Peer>(loop);
  client->then = [&] { client.reset(); };
  client->stream.connect({acceptor->local()}, loop.now() + kTestTimeout);
  run_until([&] { return client == nullptr && server->stream.is_open(); });
}

// A handler that ends its stream from inside pull().
class Quitter : public Peer {
 public:
  using Peer::Peer;
  std::size_t pull(Bytes&, std::size_t) override {
    quit();
    return 0;
  }
  std::function<void()> quit;
};

TEST_F(Stream, MayBeDestroyedWhilePulled) {
  auto quitter = std::make_unique<Quitter>(loop);
  Quitter& quits = *quitter;
  quits.quit = [&] { client.reset(); };
  client = std::move(quitter);
  connect();
  client->stream.want_write();
  run_until([&] { return client == nullptr && server->has_ended; });
}

TEST_F(Stream, IsSmallWhileIdle) { EXPECT_LE(sizeof(TcpStream), 384u); }

}  // namespace
}  // namespace railgun::net
