// Heads and chunks as bytes, written from values alone. No field that breaks the grammar is ever written: one whose
// name is no token or whose value holds a control character is left out, and so is every field that belongs to one hop
// (policy.h), which only the arguments here decide. Names in lower case, as they come from a link, are written in the
// usual form ("X-Request-ID"): names are the same in any case (RFC 9110 5.1), but not to all programs.
#pragma once

#include <cstdint>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/http/message.h"

namespace railgun::http {

// What a head says of its own hop.
struct Framing {
  enum class Connection : std::uint8_t { kUnsaid, kClose, kKeepAlive, kUpgrade };
  BodyLength body = {};  // kKnown and kChunked are written; kNone and kToClose say nothing
  Connection connection = Connection::kUnsaid;
  std::string_view upgrade = {};  // with kUpgrade
  bool accepts_trailers = false;  // of a request: TE: trailers
};

// Always HTTP/1.1, with Host first. Errors: kInvalid if the method, target or host cannot be written.
Result<void> write_request_head(Bytes& to, const Request& request, const Framing& framing);
// Always HTTP/1.1. An empty reason, or one that cannot be written, becomes the registered one.
// Errors: kInvalid if `status` is not 100-999.
Result<void> write_response_head(Bytes& to, unsigned status, std::string_view reason, const Fields& fields,
                                 const Framing& framing);

// `bytes` is not empty: an empty chunk would be the last one.
void write_chunk_size(Bytes& to, std::size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
// The last chunk and the trailers (RFC 9112 7.1). Those that must not be trailers, or cannot be written, are left out.
void write_last_chunk(Bytes& to, const Fields& trailers);

}  // namespace railgun::http
