// One connection of a core: a TCP stream, under TLS or not. Carries bytes and facts between the socket and its owner.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/net/delivery_rate.h"
#include "railgund/net/tcp_stream.h"
#include "railgund/proxy/effect.h"
#include "railgund/tls/engine.h"

namespace railgun::app {

class Connection;

// What a connection tells. Never called from inside a call to the connection.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  // Connected, and TLS agreed on: bytes can pass.
  virtual void on_open(Connection& connection) = 0;
  virtual void on_bytes(Connection& connection, ByteView bytes) = 0;
  virtual void on_end(Connection& connection) = 0;
  virtual std::size_t pull(Connection& connection, Bytes& to, std::size_t most) = 0;
  // It is gone; the owner may destroy it.
  virtual void on_closed(Connection& connection, const Error& error) = 0;
};

class Connection final : private net::StreamHandler {
 public:
  Connection(net::EventLoop& loop, ConnectionOwner& owner, proxy::Kind kind)
      : loop_(loop), owner_(owner), kind_(kind), stream_(loop, *this) {}

  // Takes over an accepted socket. `tls`: null for plain bytes. `give_up`: when TLS must be agreed on.
  void adopt(net::Descriptor socket, const net::SocketAddress& peer, std::unique_ptr<tls::Engine> tls, Instant give_up,
             const net::SocketOptions& options);
  // Tries the addresses in turn until one takes the connection. `give_up`: when it must be there, TLS included.
  void connect(std::vector<net::SocketAddress> addresses, Instant give_up, std::unique_ptr<tls::Engine> tls,
               const net::SocketOptions& options);

  void set_reading(bool on) { stream_.set_reading(on); }
  void want_write() { stream_.want_write(); }
  // Sends `last_words` and what is on its way, then closes; on_closed() tells.
  void close(Bytes last_words, Instant give_up);
  // Ends it at once, as an error; nothing is told.
  void abort() { stream_.abort(); }

  proxy::Kind kind() const { return kind_; }
  std::string peer() const { return stream_.peer().host(); }
  bool is_open() const { return open_; }
  // Some address has taken the connection, whatever came of it.
  bool was_connected() const { return was_connected_; }
  const tls::Engine* tls() const { return tls_.get(); }
  std::optional<net::DeliveryRate> delivery_rate() const { return net::delivery_rate(stream_.descriptor()); }

  // When its rate was looked at last.
  Instant measured{};
  // The core's name for it, once it has one.
  std::optional<proxy::ConnectionId> id;
  // Why it ends has been told, or is for the core to tell.
  bool is_accounted_for = false;

 private:
  void on_connected() override;
  void on_bytes(ByteView bytes) override;
  void on_end() override;
  std::size_t pull(Bytes& to, std::size_t most) override;
  void on_closed(std::optional<Error> error) override;

  void try_next_address();
  void pass_plaintext();
  void expect_handshake(Instant give_up);
  void give_up_on(const Error& error);

  net::EventLoop& loop_;
  ConnectionOwner& owner_;
  proxy::Kind kind_;
  net::TcpStream stream_;
  std::unique_ptr<tls::Engine> tls_;
  std::unique_ptr<net::Timer> handshake_;  // until TLS has been agreed on
  bool open_ = false;
  bool was_connected_ = false;
  bool closing_ = false;
  Bytes last_words_;
  std::optional<Error> failure_;  // why we gave it up

  // While connecting.
  struct Dialling {
    std::vector<net::SocketAddress> addresses;
    std::size_t next = 0;
    Instant give_up;
    net::SocketOptions options;
  };
  std::unique_ptr<Dialling> dialling_;
};

}  // namespace railgun::app
