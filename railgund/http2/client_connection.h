// One HTTP/2 connection to an origin (RFC 9113), as bytes: writes requests, reads answers, many at once. The counterpart
// of http::ClientConnection, with a stream for each request. A core, on libnghttp2, which does frames, HPACK, flow control
// and the order of frames.
//
// What one stream does, or what the origin does to it (a reset, silence, an answer that breaks the rules), hurts that
// stream alone: each has a window of its own (http::ClientLimits::unread_bytes), and the connection's is that times the
// number of streams.
//
// Requests have a tag, the layer above's name for them, which is not 0. Commands for one that is over do nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/http/client_connection.h"

namespace railgun::http2 {

// Requests at once on one connection, unless the origin allows fewer.
inline constexpr std::size_t kClientStreams = 100;

struct ClientEvent {
  std::uint64_t tag;
  // As in HTTP/1.1; there are no tunnels. ResponseEnd and ExchangeFailed are the last of a request. kUnavailable and
  // ExchangeFailed::not_processed: the origin says that it has done nothing for it (RFC 9113 8.7).
  http::ClientEvent event;
};

class ClientConnection {
 public:
  ClientConnection(const http::ClientLimits& limits, Instant now);
  ~ClientConnection();
  ClientConnection(ClientConnection&&) noexcept;
  ClientConnection& operator=(ClientConnection&&) noexcept;

  // The timeouts and the limits of heads apply at once; what the origin was told stays.
  void set_limits(const http::ClientLimits& limits);

  // Another request may be sent: the origin allows it, has not said GOAWAY, and still speaks.
  bool can_ask() const;
  std::size_t open_requests() const;

  // `request.upgrade` is empty. `is_long`: may be silent as long as a tunnel may (upgrade_timeout), as gRPC's streams are.
  void send_request(std::uint64_t tag, const http::Request& request, bool is_long, Instant now);
  std::size_t writable_bytes(std::uint64_t tag) const;
  void send_body(std::uint64_t tag, ByteView bytes, Instant now);
  void send_end(std::uint64_t tag, Instant now, const Fields& trailers = {});
  void body_consumed(std::uint64_t tag, std::size_t bytes, Instant now);
  // Nobody wants the answer any more: resets the stream. No more events come of it.
  void cancel(std::uint64_t tag);

  void receive(ByteView bytes, Instant now);
  // The origin has ended its direction, or the connection broke: every open request fails.
  void connection_lost(const Error& error);
  std::optional<ClientEvent> poll();
  // A request whose body has room again: writable_bytes() has grown.
  std::optional<std::uint64_t> poll_writable();

  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  // Nothing more can be asked, and nothing is open: close it.
  bool is_over() const;

  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http2
