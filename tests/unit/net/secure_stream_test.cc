#include "railgund/net/secure_stream.h"

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "railgund/net/acceptor.h"

#include "tests/unit/tls/pair.h"

namespace railgun::net {
namespace {

using namespace std::chrono_literals;

// An end of a connection that remembers what it was told and sends what `output` holds.
class Peer : public StreamHandler {
 public:
  explicit Peer(EventLoop& loop) : stream(loop, *this) {}

  void on_connected() override { is_connected = true; }
  void on_bytes(ByteView bytes) override { received += as_text(bytes); }
  void on_end() override { has_ended = true; }
  std::size_t pull(Bytes& to, std::size_t) override {
    const std::size_t count = output.size();
    append(to, as_bytes(output));
    output.clear();
    return count;
  }
  void on_closed(std::optional<Error> why) override {
    is_closed = true;
    error = std::move(why);
  }

  SecureStream stream;
  std::string received, output;
  bool is_connected = false, has_ended = false, is_closed = false;
  std::optional<Error> error;
};

class Secure : public testing::Test {
 protected:
  // Runs the loop until `done`; a minute means that it hangs.
  void run_until(const std::function<bool()>& done) {
    Timer limit(loop, [&] {
      ADD_FAILURE() << "not done in time";
      loop.stop();
    });
    limit.set(loop.now() + 60s);
    Deferred* again = nullptr;
    Deferred check(loop, [&] { done() ? loop.stop() : again->schedule(); });
    again = &check;
    check.schedule();
    loop.run();
  }

  void connect() {
    Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(listening) << listening.error().text;
    acceptor =
        std::make_unique<Acceptor>(loop, std::move(*listening), [&](Descriptor socket, const SocketAddress& from) {
          server_socket = Descriptor(::dup(socket.get()));
          server.stream.adopt(std::move(socket), from, std::make_unique<tls::Engine>(tls::Engine::server(context)),
                              loop.now() + 60s, {});
        });
    client.stream.connect({acceptor->local()}, loop.now() + 60s,
                          std::make_unique<tls::Engine>(tls::Engine::client(context, "")), {});
    run_until([&] { return client.is_connected && server.is_connected; });
  }

  EventLoop loop;
  const tls::ContextPtr context = tls::make_context(tls::make_identity(tls::make_authority(), {"a.example"}));
  Peer client{loop};
  Peer server{loop};
  Descriptor server_socket;  // the same connection, past the stream
  std::unique_ptr<Acceptor> acceptor;
};

TEST_F(Secure, CarriesBytesBothWays) {
  connect();
  client.output = "question";
  client.stream.want_write();
  run_until([&] { return server.received == "question"; });
  server.output = "answer";
  server.stream.want_write();
  run_until([&] { return client.received == "answer"; });
}

TEST_F(Secure, AnOrderlyCloseIsAnEndForThePeer) {
  connect();
  client.output = "before ";
  client.stream.want_write();
  run_until([&] { return client.output.empty(); });
  client.stream.close(to_bytes(as_bytes("the end")), loop.now() + 60s);
  run_until([&] { return server.has_ended; });
  EXPECT_EQ(server.received, "before the end");
  EXPECT_FALSE(server.is_closed);
  server.stream.close({}, loop.now() + 60s);
  run_until([&] { return server.is_closed && client.is_closed; });
  EXPECT_FALSE(server.error) << server.error->text;
  EXPECT_FALSE(client.error) << client.error->text;
}

// Anyone on the way can send a FIN; nobody but the peer can send a close_notify.
TEST_F(Secure, AnEndWithoutCloseNotifyIsAnError) {
  connect();
  server.output = "half of it";
  server.stream.want_write();
  run_until([&] { return client.received == "half of it"; });
  ::shutdown(server_socket.get(), SHUT_WR);
  run_until([&] { return client.is_closed; });
  EXPECT_FALSE(client.has_ended);
  ASSERT_TRUE(client.error);
  EXPECT_EQ(client.error->code, Errc::kUnavailable);
  EXPECT_EQ(client.error->text, "TLS: the connection was cut (it ended without close_notify)");
}

// A visitor's browser, for example, that was told http://host:443/.
TEST_F(Secure, AnswersHttpWithoutTls) {
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening) << listening.error().text;
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [&](Descriptor socket, const SocketAddress& from) {
    server.stream.adopt(std::move(socket), from, std::make_unique<tls::Engine>(tls::Engine::server(context)),
                        loop.now() + 60s, {});
    server.stream.set_plain_answer("use https");
  });
  client.output = "GET / HTTP/1.1\r\n\r\n";
  client.stream.connect({acceptor->local()}, loop.now() + 60s, nullptr, {});
  run_until([&] { return client.has_ended; });
  EXPECT_EQ(client.received, "use https");
  EXPECT_FALSE(server.is_connected);
  client.stream.close({}, loop.now() + 60s);
  run_until([&] { return server.is_closed; });
  ASSERT_TRUE(server.error);
  EXPECT_EQ(server.error->code, Errc::kMalformed);
}

// A balancer in front: its header comes before TLS, or before the bytes themselves.
TEST_F(Secure, TakesThePeersAddressFromAProxyHeader) {
  for (const bool with_tls : {false, true}) {
    Peer balancer(loop), behind(loop);
    Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
    ASSERT_TRUE(listening) << listening.error().text;
    const Acceptor accepting(loop, std::move(*listening), [&](Descriptor socket, const SocketAddress& from) {
      auto engine = with_tls ? std::make_unique<tls::Engine>(tls::Engine::server(context)) : nullptr;
      behind.stream.adopt(std::move(socket), from, std::move(engine), loop.now() + 60s, {});
      behind.stream.expect_proxy_header(loop.now() + 60s);
      EXPECT_FALSE(behind.stream.is_open());
    });
    tls::Engine engine = tls::Engine::client(context, "");
    Bytes hello;
    if (with_tls) engine.pull(hello, 1 << 16);
    const std::string first = with_tls ? std::string(as_text(hello)) : "GET /";
    balancer.output = "PROXY TCP4 192.0.2.7 198.51.100.2 5 443\r\n" + first;
    balancer.stream.connect({accepting.local()}, loop.now() + 60s, nullptr, {});
    if (with_tls) {
      run_until([&] { return !balancer.received.empty(); });
      EXPECT_EQ(balancer.received[0], 0x16) << "the handshake goes on";
    } else {
      run_until([&] { return behind.received == "GET /"; });
      EXPECT_TRUE(behind.is_connected);
    }
    EXPECT_EQ(behind.stream.peer(), "192.0.2.7");
    balancer.stream.abort();
    behind.stream.abort();
  }
}

TEST_F(Secure, RefusesAConnectionWithoutItsProxyHeader) {
  Result<Descriptor> listening = listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(listening) << listening.error().text;
  acceptor = std::make_unique<Acceptor>(loop, std::move(*listening), [&](Descriptor socket, const SocketAddress& from) {
    server.stream.adopt(std::move(socket), from, nullptr, loop.now() + 60s, {});
    server.stream.expect_proxy_header(loop.now() + 60s);
  });
  client.output = "GET / HTTP/1.1\r\n\r\n";
  client.stream.connect({acceptor->local()}, loop.now() + 60s, nullptr, {});
  run_until([&] { return client.has_ended; });
  client.stream.close({}, loop.now() + 60s);
  run_until([&] { return server.is_closed; });
  EXPECT_FALSE(server.is_connected);
  ASSERT_TRUE(server.error);
  EXPECT_EQ(server.error->code, Errc::kMalformed);
}

}  // namespace
}  // namespace railgun::net
