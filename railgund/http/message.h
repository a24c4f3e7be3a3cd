// HTTP/1.1 messages as values (RFC 9110, RFC 9112).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/field.h"

namespace railgun::http {

// How long a body is, as far as its head tells (RFC 9112 6.3).
struct BodyLength {
  enum class Kind : std::uint8_t {
    kNone,     // no body
    kKnown,    // `bytes`
    kChunked,  // told by the last chunk
    kToClose,  // told by the connection's end; answers only
  };
  Kind kind = Kind::kNone;
  std::uint64_t bytes = 0;
  bool operator==(const BodyLength&) const = default;
};

// A request as the policy lets it through: fields that are for one hop only are gone (Connection and those it names,
// Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade, Content-Length, Expect), what they said is in the
// members.
struct Request {
  std::string method = {};
  std::string target = {};  // origin-form ("/a?b"), or "*" for OPTIONS; an absolute-form target was split
  std::string host = {};    // from the absolute-form target or Host, lower case, port kept if given; never empty on 1.1
  bool secure = false;      // absolute-form https, or told by the listening side
  int major_version = 1;    // 1 or 2
  int minor_version = 1;    // of HTTP/1: 0 or 1
  Fields fields = {};       // without Host
  BodyLength body = {};
  bool expects_continue = false;
  bool accepts_trailers = false;  // TE: trailers (RFC 9110 10.1.4)
  bool keep_alive = true;
  std::string upgrade = {};  // the protocol asked for with Connection: upgrade, or empty
};

struct Response {
  unsigned status = 0;
  std::string reason = {};
  int minor_version = 1;
  Fields fields = {};  // stripped as above
  BodyLength body = {};
  bool keep_alive = true;
  std::string upgrade = {};  // on 101
};

// "OK" for 200; "Unknown" for what has no registered phrase. 527 is "Railgun Error" as in the original.
std::string_view reason_phrase(unsigned status);

// Whether a Content-Type is gRPC's: "application/grpc", maybe with a suffix ("+proto") or parameters.
bool is_grpc_type(std::string_view content_type);

// The other end of the connection will send no more through its tunnel; it may still read.
struct TunnelEnd {};

}  // namespace railgun::http
