// One client's HTTP/2 connection (RFC 9113), as bytes: reads requests under the strict policy, writes answers as their
// priorities say (RFC 9218). The counterpart of http::ServerConnection, with a stream for each request. A core, on
// libnghttp2, which does frames, HPACK and the order of frames; what a request may be and what a client may do is
// decided here.
//
// What it holds is bounded: the requests that are open, their bodies by the windows that the client is given, all
// answers together by output_bytes. A stream whose client gives it no window holds nothing that could be sent. Between
// requests it holds some 10 KB, most of it HPACK's tables.
//
// A client may break the protocol, or do what is cheap for it and dear for us, so often (misuse.h); then the connection
// ends with GOAWAY.
//
// Commands for a stream that is no more do nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/time.h"
#include "railgund/http/server_connection.h"
#include "railgund/http2/misuse.h"

namespace railgun::http2 {

enum class StreamId : std::uint32_t {};

struct ServerLimits {
  // As in HTTP/1.1, with these differences: input_bytes and finished_output_bytes have no use; unread_bytes is the window
  // of each request; output_bytes is of all answers together; head_timeout is also how long the client may take to
  // acknowledge our settings.
  http::ServerLimits http = {};
  std::uint32_t streams = 100;  // requests that are open at once; RFC 9113 6.5.2 recommends no fewer
  // Bodies of all requests together, received and not yet consumed.
  std::size_t unread_bytes = 1024 * 1024;
};

// What happened on one stream, in order. The first is RequestReceived.
struct StreamEvent {
  StreamId stream;
  std::uint64_t tag;  // what the layer above has set for the stream; 0: nothing yet
  http::ServerEvent event;
};

class ServerConnection {
 public:
  // `secure`: the connection came in over TLS.
  ServerConnection(const ServerLimits& limits, bool secure, Instant now);
  ~ServerConnection();
  ServerConnection(ServerConnection&&) noexcept;
  ServerConnection& operator=(ServerConnection&&) noexcept;

  // The timeouts and the limits of heads and of output apply at once; what the client was told stays.
  void set_limits(const ServerLimits& limits);

  // Bytes from the client, its preface first.
  void receive(ByteView bytes, Instant now);
  // The client has closed its direction: requests that are complete are still answered, unless end_cancels.
  void receive_end(Instant now);
  std::optional<StreamEvent> poll();
  // A stream whose answer may go on: writable_bytes() has grown.
  std::optional<std::uint64_t> poll_writable_tag();

  // The name that the layer above has for the stream's exchange; 0 takes it away: the exchange is over, and no
  // ClientGone is wanted.
  void set_tag(StreamId stream, std::uint64_t tag);
  // Those that are not 0.
  std::vector<std::uint64_t> tags() const;

  // As in http::ServerConnection, for one stream. abort() resets the stream, the connection goes on.
  void body_consumed(StreamId stream, std::size_t bytes, Instant now);
  void send_interim(StreamId stream, unsigned status, const Fields& fields, Instant now);
  void send_response(StreamId stream, const http::Response& response, Instant now);
  std::size_t writable_bytes(StreamId stream) const;
  // Bytes given to send_body() that have not been pulled.
  std::size_t waiting_bytes(StreamId stream) const;
  void send_body(StreamId stream, ByteView bytes, Instant now);
  // An answer without a body (BodyLength::kNone) and without trailers is one HEADERS frame, sent now: the head has waited.
  void send_end(StreamId stream, Instant now, const Fields& trailers = {});
  void abort(StreamId stream);
  void send_error(StreamId stream, unsigned status, std::string_view line, const Fields& extra, Instant now);
  // The answer to a CONNECT for a WebSocket: 200 here, whatever 101 said.
  void switch_to_tunnel(StreamId stream, const http::Response& response, Instant now);

  // For the connection as a whole, as in http::ServerConnection.
  bool wants_read() const;
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  bool wants_close() const;
  bool wants_reset() const;
  bool is_idle() const;

  // No more requests (drain), in two steps: GOAWAY that names no stream, and, once the client has answered a ping, or at
  // `idle_end` but not within a second, one that names the last request that is served. Requests that are open are answered.
  void close_after_answer(Instant idle_end, Instant now);

  // Why the connection was ended with GOAWAY, if it was for the client's conduct.
  std::optional<Misuse> misuse() const;

  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http2
