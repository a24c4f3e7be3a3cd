// Heads on Boost.Beast's http::basic_parser: the only file that knows it is parser.cc.
//
// Beast is given whole heads that HeadReader has passed. Bodies are ours (body_reader.h): Beast's chunk parser asserts
// on an empty body that comes byte by byte, lets line feeds through in quoted chunk extensions, and finds a bad last
// chunk only when the trailers are over (all seen with Boost 1.81).
#pragma once

#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/http/refusal.h"

namespace railgun::http {

// A head as it was written, before the policy has looked at it.
struct RawHead {
  std::string method;  // of a request
  std::string target;
  unsigned status = 0;  // of an answer
  std::string reason;
  int minor_version = 1;
  Fields fields;
};

// `head`: all of it, with the empty line at its end. Refuses what breaks the grammar, and Content-Length together with
// Transfer-Encoding, or more than one of them that differ.
Judged<RawHead> parse_request_head(ByteView head);
// A status line without the blank before an empty reason is taken as if it had one: common origins write it so.
Judged<RawHead> parse_response_head(ByteView head);

}  // namespace railgun::http
