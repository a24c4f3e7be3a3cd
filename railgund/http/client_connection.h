// One connection to an origin, as bytes: writes requests, reads answers. One exchange at a time (no pipelining).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/http/message.h"

namespace railgun::http {

struct ClientLimits {
  std::size_t head_bytes = 64 * 1024;
  std::size_t field_count = 200;
  std::size_t output_bytes = 256 * 1024;  // of a request's body, not yet pulled
  std::size_t unread_bytes = 8 * 1024;    // of an answer's body, given and not yet consumed: no reading over it
  // Zero: no timeout.
  Duration head_timeout = std::chrono::seconds(30);   // from the request's last byte to the answer's head
  Duration body_timeout = std::chrono::seconds(60);   // without a byte of an answer's body that we read
  Duration write_timeout = std::chrono::seconds(60);  // without a byte taken of the pending output
  Duration upgrade_timeout = std::chrono::hours(1);   // a tunnel without a byte in either direction: ResponseEnd
  // A tunnel of which one direction has ended, without a byte in the other, or in all once the origin has ended its
  // direction: ResponseEnd. If upgrade_timeout is shorter, that applies.
  Duration half_closed_timeout = std::chrono::seconds(30);
};

struct InterimReceived {
  unsigned status;
  Fields fields;
};
struct ResponseReceived {
  Response response;
};
struct ResponseBody {
  Bytes bytes;  // room is given back by body_consumed()
};
struct ResponseEnd {  // of a tunnel: both directions have ended
  Fields trailers = {};
};
// The exchange failed and the connection is of no more use. kUnavailable: closed before the first byte of an answer, on
// a connection used before (or before a byte of the request was pulled): safe to ask again if the request is.
// kMalformed: the answer breaks the rules or ended too early. kTooLarge: its head is over a limit. kTimeout. kInvalid:
// the request cannot be written, or its body was not as long as announced.
struct ExchangeFailed {
  Error error;
  bool answer_begun;           // a byte of the answer, or of an interim one, had come
  bool not_processed = false;  // the origin says that it has done nothing for the request: safe to ask again
};
using ClientEvent =
    std::variant<InterimReceived, ResponseReceived, ResponseBody, TunnelEnd, ResponseEnd, ExchangeFailed>;

class ClientConnection {
 public:
  ClientConnection(ClientLimits limits, Instant now);
  ~ClientConnection();
  ClientConnection(ClientConnection&&) noexcept;
  ClientConnection& operator=(ClientConnection&&) noexcept;

  // New limits: the timeouts and buffer sizes apply at once, the limits of a head from the next one on.
  void set_limits(ClientLimits limits);

  // `request.host` becomes Host, `request.body` picks the framing, `request.upgrade` is asked for if not empty. The answer's
  // trailers are given whether the request accepts them or not.
  void send_request(const Request& request, Instant now);
  std::size_t writable_bytes() const;
  void send_body(ByteView bytes, Instant now);
  // `trailers`: sent if the body is chunked. Of a tunnel: we send no more; the origin still may (wants_end()).
  void send_end(Instant now, const Fields& trailers = {});

  void receive(ByteView bytes, Instant now);
  // The origin has ended its direction in order: with a FIN, and with TLS's close_notify where there is TLS.
  void receive_end(Instant now);
  // The connection broke: an answer that only its end delimits is not complete (RFC 9112 8 and 9.8).
  void connection_lost(const Error& error);
  // After a ResponseReceived with status 101: everything that follows comes as ResponseBody, send_body() sends raw
  // bytes.
  std::optional<ClientEvent> poll();
  bool wants_read() const;
  void body_consumed(std::size_t bytes, Instant now);

  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  // Of a tunnel: all that we send has been pulled, and no more follows. Shut down our direction and go on reading.
  bool wants_end() const;

  // The exchange is over and the connection may take another: kept alive, no surplus bytes, the request was all sent.
  bool is_reusable() const;
  unsigned exchanges() const;  // begun on this connection
  // How long the origin keeps the connection without a request, as its last answer said (Keep-Alive: timeout=N). The
  // connection is of no use then, and little before: what is sent is lost (RFC 9112 9.3.1).
  std::optional<Duration> announced_idle() const;

  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http
