// How an answer goes to one client: what its head says depends on the request and on the client's version. Pure.
#pragma once

#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/http/message.h"
#include "railgund/http/writer.h"

namespace railgun::http {

// HEAD, 204 and 304: no body follows, whatever the head tells of one.
bool is_bodyless(unsigned status, bool is_head);

// The framing of the body, and what the head says of it (RFC 9112 6.3). An HTTP/1.0 client knows no chunks: a body
// whose length is not known ends with the connection.
BodyLength framed_length(const Response& response, bool is_head, int minor_version);

// The Connection field: the client assumes the rest from its version (RFC 9112 9.3).
Framing::Connection connection_field(bool keep_alive, int minor_version);

// A whole answer of ours: plain text, one line. A status that no final answer has becomes 502.
Bytes small_answer(unsigned status, std::string_view line, const Fields& extra, bool with_body,
                   Framing::Connection connection);

}  // namespace railgun::http
