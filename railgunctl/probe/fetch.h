// One HTTP request over a connection of its own, with the time that each phase took.
#pragma once

#include <optional>
#include <string>

#include "railgunctl/wire.h"
#include "railgund/base/field.h"
#include "railgund/http/message.h"

namespace railgun::ctl {

struct FetchOptions {
  Endpoint endpoint{};        // where to connect; or a Unix socket (base/endpoint.h)
  tls::ContextPtr context{};  // null: plain
  std::string server_name{};  // that the server's certificate must be for
  bool http2 = false;         // offer HTTP/2: by ALPN under TLS, else expect it
  http::Request request{};
  std::size_t body_bytes = 64 << 20;  // a larger body is an error
};

// What took how long, one after the other.
struct Phases {
  Duration name{}, connect{}, tls{}, first_byte{}, body{};
  Duration total() const { return name + connect + tls + first_byte + body; }
};

struct Fetched {
  Phases phases{};
  std::string address{};  // connected to, or tried last
  Reach reach = Reach::kUnreachable;
  std::string tls_version{};
  bool is_http2 = false;
  // The answer, as far as it came.
  unsigned status = 0;
  std::string reason{};
  int minor_version = 1;
  bool keeps_alive = false;
  bool ends_by_close = false;  // nothing but the connection's end tells the body's
  Fields fields{};
  std::size_t wire_body_bytes = 0;  // of the body before its coding was undone
  std::string body{};               // after: identity, where it was gzip or deflate
  std::optional<Error> error{};     // what ended it early
};
Fetched fetch(const FetchOptions& options, Instant deadline);

}  // namespace railgun::ctl
