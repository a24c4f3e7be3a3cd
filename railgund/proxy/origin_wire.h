// A connection to an origin in whichever protocol it speaks, and the calls on it: HTTP/1.1 has one at a time, HTTP/2 many.
// A core; see http::ClientConnection for what each command means.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <variant>

#include "railgund/http/client_connection.h"
#include "railgund/http2/client_connection.h"
#include "railgund/proxy/call_id.h"

namespace railgun::proxy {

class OriginWire {
 public:
  struct Event {
    CallId call;
    http::ClientEvent event;
  };

  OriginWire(const http::ClientLimits& limits, Instant now)
      : limits_(limits), wire_(std::in_place_type<http::ClientConnection>, limits, now) {}

  // What the connection speaks turns out to be HTTP/2. Before the first start().
  void use_http2(Instant now) { wire_.emplace<http2::ClientConnection>(limits_, now); }
  bool is_http2() const { return http2() != nullptr; }
  void set_limits(const http::ClientLimits& limits);

  // Another call may be started now.
  bool has_room() const;
  // `is_long`: see http2::ClientConnection; of no use to HTTP/1.1.
  void start(CallId call, const http::Request& request, bool is_long, Instant now);
  std::size_t writable_bytes(CallId call) const;
  void send_body(CallId call, ByteView bytes, Instant now);
  void send_end(CallId call, const Fields& trailers, Instant now);
  void body_consumed(CallId call, std::size_t bytes, Instant now);
  // No more events of it. In HTTP/1.1 the connection is of no more use.
  void cancel(CallId call);

  void receive(ByteView bytes, Instant now);
  void receive_end(Instant now);
  void lost(const Error& error);
  std::optional<Event> poll();
  // A call whose request's body has room again.
  std::optional<CallId> poll_writable();

  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_read() const;
  bool wants_write() const;
  bool wants_end() const;
  // Of no more use, and no call is left on it.
  bool is_over() const;
  // The calls that were begun on it before this one.
  bool was_used() const { return begun_ > 1; }
  std::optional<Duration> announced_idle() const;
  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  http::ClientConnection* http1() { return std::get_if<http::ClientConnection>(&wire_); }
  const http::ClientConnection* http1() const { return std::get_if<http::ClientConnection>(&wire_); }
  http2::ClientConnection* http2() { return std::get_if<http2::ClientConnection>(&wire_); }
  const http2::ClientConnection* http2() const { return std::get_if<http2::ClientConnection>(&wire_); }

  http::ClientLimits limits_;
  std::variant<http::ClientConnection, http2::ClientConnection> wire_;
  std::optional<CallId> call_;  // of HTTP/1.1
  bool is_writable_ = false;    // of HTTP/1.1: since poll_writable()
  std::size_t begun_ = 0;
};

}  // namespace railgun::proxy
