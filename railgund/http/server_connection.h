// One client's connection, as bytes: reads requests under the strict policy (http/policy.h), writes answers in order.
// A core: pull output with pull(). What it holds is bounded by ServerLimits; between requests it holds nothing but
// itself, about 250 bytes.
//
// Commands that come too late (the exchange ended by a ClientGone that was not polled yet) do nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/http/message.h"

namespace railgun::http {

struct ServerLimits {
  std::size_t head_bytes = 32 * 1024;     // request line and fields: over it 431 (414 if the line alone is)
  std::size_t field_count = 100;          // 431
  std::size_t input_bytes = 64 * 1024;    // received and not yet parsed (pipelined requests): no reading over it
  std::size_t output_bytes = 256 * 1024;  // of an answer, not yet pulled: writable_bytes() counts down to 0
  // Of finished answers, not yet pulled: over it no further request is begun, and none is read.
  std::size_t finished_output_bytes = 16 * 1024;
  // Of a request's body or a tunnel, given and not yet consumed: no reading over it.
  std::size_t unread_bytes = 256 * 1024;
  // Requests on this connection: the answer to the last one says Connection: close. 0: no limit.
  std::uint64_t requests = 0;
  // Bytes per second of a request's body, and of an answer that is pending, measured over body_timeout and
  // write_timeout (http/progress.h). 0: no minimum, any byte counts as progress.
  std::size_t min_rate = 0;
  // What the client's FIN means while its request is being answered. False: it has asked and still reads (RFC 9112
  // 9.6). True: it has left, and the exchange ends with ClientGone.
  bool end_cancels = false;
  // Requests of HTTP/1.0 must name a host too (RFC 9112 3.2 asks it of HTTP/1.1 alone): 400.
  bool requires_host = false;
  // Zero: no timeout.
  Duration head_timeout = std::chrono::seconds(15);   // from a request's first byte to the end of its head: 408
  Duration idle_timeout = std::chrono::seconds(75);   // between requests: closed without an answer
  Duration body_timeout = std::chrono::seconds(60);   // without a byte of a body that we read: 408
  Duration write_timeout = std::chrono::seconds(60);  // without a byte taken of the pending output: closed
  Duration upgrade_timeout = std::chrono::hours(1);   // a tunnel without a byte in either direction: ClientGone, closed
  // A tunnel of which one direction has ended, without a byte in the other, or in all once our direction has ended:
  // ClientGone, closed. If upgrade_timeout is shorter, that applies.
  Duration half_closed_timeout = std::chrono::seconds(30);
};

// A request's head. The next one is not given before this one's answer is finished.
struct RequestReceived {
  Request request;
};
struct RequestBody {
  Bytes bytes;  // its room is given back by body_consumed()
};
struct RequestEnd {
  Fields trailers = {};
};
// The client is gone or broke its message half-way: the exchange under way is to be dropped.
struct ClientGone {};
// After switch_to_tunnel(): bytes from the client, as they are.
struct TunnelBytes {
  Bytes bytes;  // also given back by body_consumed()
};
using ServerEvent = std::variant<RequestReceived, RequestBody, RequestEnd, ClientGone, TunnelBytes, TunnelEnd>;

class ServerConnection {
 public:
  // `secure`: the connection came in over TLS, which is what Request::secure says for origin-form targets.
  ServerConnection(ServerLimits limits, bool secure, Instant now);
  ~ServerConnection();
  ServerConnection(ServerConnection&&) noexcept;
  ServerConnection& operator=(ServerConnection&&) noexcept;

  // New limits: the timeouts and buffer sizes apply at once, the limits of a head from the next one on.
  void set_limits(ServerLimits limits);

  // Bytes from the client. Malformed ones are answered (400, 431, …) by the connection itself, which then closes.
  void receive(ByteView bytes, Instant now);
  // The client has closed its direction. Requests that are complete are still answered, unless end_cancels: then the
  // exchange is dropped. How long an answer may take to begin is for the layer above.
  void receive_end(Instant now);
  std::optional<ServerEvent> poll();

  // False while enough is held, of input or of answers that nobody takes: the shell stops reading until it is true
  // again.
  bool wants_read() const;
  // The layer above is done with so many body (or tunnel) bytes.
  void body_consumed(std::size_t bytes, Instant now);

  // The answer to the request under way. Interim ones (100, 103) first, any number; then one send_response(). A client
  // of HTTP/1.0 gets no interim ones; 100 goes only to a client that waits for it. Those that find output_bytes used up
  // are dropped: they are only hints.
  void send_interim(unsigned status, const Fields& fields, Instant now);
  // `response.body` says what will follow; the connection picks framing for the client's version and adds
  // Content-Length or Transfer-Encoding, and Connection. Date is left to the origin. HEAD, 204 and 304 get no body
  // bytes: those sent are dropped. send_end() is called in every case. `response.keep_alive` is of the other hop and is
  // not looked at.
  void send_response(const Response& response, Instant now);
  // Room for body bytes before output_bytes are held.
  std::size_t writable_bytes() const;
  // Output that has not been pulled.
  std::size_t waiting_bytes() const;
  void send_body(ByteView bytes, Instant now);
  // `trailers`: sent if the request accepts them and the body is chunked (RFC 9110 6.5.1), else dropped.
  // Of a tunnel: we send no more; the client still may (wants_end()).
  void send_end(Instant now, const Fields& trailers = {});
  // The answer cannot be completed: what was not pulled is dropped and the connection closed so that the client can
  // tell (wants_reset()). More or fewer body bytes than announced do the same, and bring a ClientGone.
  void abort();
  // A whole small answer: plain text, one line, from us. If an answer has begun already: abort().
  void send_error(unsigned status, std::string_view line, const Fields& extra, Instant now);
  // Instead of send_response(): the 101 is sent and all bytes pass as they are from here on.
  void switch_to_tunnel(const Response& response, Instant now);

  // Appends up to `most` bytes to be sent, says how many. A slow client is given less at a time, so that its progress
  // can be seen.
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  // True when everything is said: flush, shut down our direction, and read (and drop) what comes for a moment before
  // closing, or a client that is still sending may lose the answer to a reset.
  bool wants_close() const;
  // Of a tunnel: all that we send has been pulled, and no more follows. Shut down our direction and go on reading.
  bool wants_end() const;
  // Between requests, with nothing to send: may be closed without loss.
  bool is_idle() const;
  // With wants_close(): close with a reset (SO_LINGER 0). An answer was cut that only the connection's end delimits: the
  // client would take what it has for the whole. Or the client does not take its answer: the kernel would go on sending
  // what it holds.
  bool wants_reset() const;

  // No more requests after the one under way (drain). Between requests, one may still begin until `idle_end`: a client
  // cannot know that its request crosses our close.
  void close_after_answer(Instant idle_end, Instant now);

  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http
