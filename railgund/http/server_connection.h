// One client's connection, as bytes: reads requests under the strict policy (http/policy.h), writes answers in order.
// A core: pull output with pull(), never more than a few bodies' pieces are held.
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
  std::size_t head_bytes = 32 * 1024;   // request line and fields: over it 431 (414 if the line alone is)
  std::size_t field_count = 100;        // 431
  std::size_t input_bytes = 64 * 1024;  // received and not yet parsed (pipelined requests): no reading over it
  std::size_t output_bytes = 256 * 1024;             // of an answer, not yet pulled: writable_bytes() counts down to 0
  Duration head_patience = std::chrono::seconds(15);  // from a request's first byte to its head's end: 408
  Duration idle = std::chrono::seconds(75);           // between requests: closed without a word
  Duration body_patience = std::chrono::seconds(60);  // without a byte of a body we want: 408
  Duration write_patience = std::chrono::seconds(60); // without a byte taken of what we have to send: closed
};

// A request's head. The next one is not given before this one's answer is finished.
struct RequestReceived {
  Request request;
};
struct RequestBody {
  Bytes bytes;  // its room is given back by body_consumed()
};
struct RequestEnd {};
// The client is gone or broke its message half-way: the exchange under way is to be dropped.
struct ClientGone {};
// After switch_to_tunnel(): bytes from the client, as they are.
struct TunnelBytes {
  Bytes bytes;  // also given back by body_consumed()
};
struct TunnelEnd {};  // the client will send no more
using ServerEvent = std::variant<RequestReceived, RequestBody, RequestEnd, ClientGone, TunnelBytes, TunnelEnd>;

class ServerConnection {
 public:
  // `secure`: the connection came in over TLS, which is what Request::secure says for origin-form targets.
  ServerConnection(ServerLimits limits, bool secure, Instant now);
  ~ServerConnection();
  ServerConnection(ServerConnection&&) noexcept;
  ServerConnection& operator=(ServerConnection&&) noexcept;

  // Bytes from the client. Malformed ones are answered (400, 431, …) by the connection itself, which then closes.
  void receive(ByteView bytes, Instant now);
  // The client has closed its direction.
  void receive_end(Instant now);
  std::optional<ServerEvent> poll();

  // False while enough is held: the shell stops reading until it is true again.
  bool wants_read() const;
  // The layer above is done with so many body (or tunnel) bytes.
  void body_consumed(std::size_t bytes, Instant now);

  // The answer to the request under way. Interim ones (100, 103) first, any number; then one response().
  void send_interim(unsigned status, const Fields& fields);
  // `response.body` says what will follow; the connection picks framing for the client's version, adds Content-Length
  // or Transfer-Encoding, Connection and (if missing) Date is left to the origin. HEAD, 204 and 304 get no body bytes.
  void send_response(const Response& response, Instant now);
  // Room for body bytes before output_bytes are held.
  std::size_t writable_bytes() const;
  void send_body(ByteView bytes, Instant now);
  void send_end(Instant now);
  // The answer cannot be completed: the connection is closed so that the client can tell.
  void abort();
  // A whole small answer: plain text, one line, from us.
  void send_error(unsigned status, std::string_view line, const Fields& extra, Instant now);
  // Instead of send_response(): the 101 is sent and all bytes pass as they are from here on.
  void switch_to_tunnel(const Response& response, Instant now);

  // Appends up to `most` bytes to be sent, says how many.
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  // True when everything is said: flush and close.
  bool wants_close() const;

  // No more requests after the one under way (drain).
  void close_after_answer();
  bool is_idle() const;  // between requests, nothing held

  Instant deadline() const;
  void on_deadline(Instant now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::http
