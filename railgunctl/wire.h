// Connections for commands that look at the network: one at a time, each step with a deadline, nothing in the
// background. Names are looked up as the daemon does it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/net/clock.h"
#include "railgund/net/descriptor.h"
#include "railgund/net/socket_address.h"
#include "railgund/tls/engine.h"

namespace railgun::ctl {

struct Resolved {
  std::vector<net::SocketAddress> addresses;  // never empty
  Duration time{};
  bool was_name = false;  // and not an address already
};
// Errors: kNotFound, kTimeout, kUnavailable, as net::Resolver.
Result<Resolved> resolve(const Endpoint& endpoint, Instant deadline);

// What became of an attempt to connect.
enum class Reach { kOpen, kRefused, kTimeout, kUnreachable };

// Bytes to and from one peer, plain or under TLS.
class Wire {
 public:
  struct Attempt;
  static Attempt connect(const net::SocketAddress& address, Instant deadline);
  static Attempt connect_unix(const std::string& path, Instant deadline);

  // Does the handshake of a client. `offers_http2`: see tls::Engine::client(). Errors: kTimeout, kUnavailable (closed), those
  // of tls::Engine.
  Result<void> secure(const tls::ContextPtr& context, const std::string& server_name, Instant deadline,
                      bool offers_http2 = false);

  // At least one byte, or none at the peer's end. Errors: kTimeout, kUnavailable, those of tls::Engine.
  Result<Bytes> read(Instant deadline);
  Result<void> write(ByteView bytes, Instant deadline);

  // Null without TLS.
  const tls::Engine* engine() const { return engine_.get(); }
  // The first bytes that the peer sent, under no TLS: at most 64.
  const Bytes& first_bytes() const { return first_bytes_; }

 private:
  explicit Wire(net::Descriptor socket) : socket_(std::move(socket)) {}

  bool wait(short events, Instant deadline) const;
  Result<Bytes> read_plain(Instant deadline);
  Result<void> write_plain(ByteView bytes, Instant deadline);
  Result<void> flush(Instant deadline);

  net::Descriptor socket_;
  std::unique_ptr<tls::Engine> engine_;
  Bytes first_bytes_;
};

struct Wire::Attempt {
  Reach reach = Reach::kUnreachable;
  Duration time{};
  std::string reason{};        // "connection refused"; empty if open
  int error_number = 0;        // errno, where there is one
  std::optional<Wire> wire{};  // if open
};

// What became of an attempt, without the connection.
struct ConnectResult {
  std::string address{};
  Reach reach = Reach::kOpen;
  Duration time{};
  std::string reason{};  // as Wire::Attempt
};
struct Connected {
  std::vector<ConnectResult> attempts{};  // an address each, until one is open
  std::optional<Wire> wire{};             // null: none is
};
// Tries the addresses in turn. Each gets an equal share of the time left, so that a silent one leaves time for the others.
Connected connect_any(const std::vector<net::SocketAddress>& addresses, Instant deadline);

}  // namespace railgun::ctl
