// A client's connection at a sender, in whichever protocol it speaks, and the exchanges of its requests. HTTP/1.1 has
// one at a time, HTTP/2 one for each stream.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/http/server_connection.h"
#include "railgund/http2/server_connection.h"
#include "railgund/proxy/client_stream.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

class Client {
 public:
  // What a client did, and for which exchange: nothing if it begins a request, or sends the rest of one that was
  // answered. `stream`: 0 in HTTP/1.1.
  struct Event {
    http2::StreamId stream;
    std::optional<ExchangeId> exchange;
    http::ServerEvent event;
  };

  // `is_short`: the process is short of memory. Then a client that takes nothing of its answer is closed after 5 s.
  Client(Incoming incoming, const config::Config& config, bool is_short, Instant now);

  const std::string& address() const { return address_; }
  bool is_secure() const { return is_secure_; }
  bool is_http2() const { return std::holds_alternative<http2::ServerConnection>(connection_); }

  void configure(const config::Config& config, bool is_short);

  // Input and output, as http::ServerConnection has them.
  void receive(ByteView bytes, Instant now);
  void receive_end(Instant now);
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  void close_after_answer(Instant idle_end, Instant now);
  void on_deadline(Instant now);
  Instant deadline() const;
  bool wants_read() const;
  bool wants_write() const;
  bool wants_close() const;
  bool wants_end() const;
  bool wants_reset() const;
  bool is_idle() const;
  std::optional<http2::Misuse> misuse() const;

  std::optional<Event> poll();
  // An exchange whose client has taken output, or has room for more.
  std::optional<ExchangeId> poll_writable();
  ClientStream stream(http2::StreamId stream);
  // The exchange of a request; nothing: it is over.
  void set_exchange(http2::StreamId stream, std::optional<ExchangeId> exchange);
  std::vector<ExchangeId> exchanges() const;

  // For the sender's use.
  ReportedState reported;
  std::optional<std::list<ConnectionId>::iterator> idle_place;

 private:
  std::string address_;
  bool is_secure_;
  // Of HTTP/1.1.
  std::optional<ExchangeId> exchange_;
  bool is_writable_ = false;  // output was taken since poll_writable()
  // It may yet be HTTP/2 that nobody has agreed on (setting http2.clear): what has come so far.
  struct Opening {
    http2::ServerLimits limits;
    Bytes bytes;
  };
  std::unique_ptr<Opening> opening_;
  std::variant<http::ServerConnection, http2::ServerConnection> connection_;
};

}  // namespace railgun::proxy
