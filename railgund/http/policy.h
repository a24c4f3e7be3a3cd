// The strict policy: which messages pass, in which single reading, and what the others are told.
//
// Nothing received is ever sent on as it came. A head becomes a Request or Response here, or a Refusal, and
// http/writer.h writes the next hop's head from that. What could be read in two ways is refused (RFC 9112 11.2, request
// smuggling).
#pragma once

#include <string_view>

#include "railgund/http/message.h"
#include "railgund/http/parser.h"
#include "railgund/http/refusal.h"

namespace railgun::http {

// For the first line, before the rest of the head has come. `line`: without its line end. Refuses HTTP/0.9, the preface
// of HTTP/2 (505), and lines that are not three parts with one blank between them.
Judged<void> check_request_line(std::string_view line);
Judged<void> check_status_line(std::string_view line);

// `secure`: the connection came in over TLS, for targets that do not name a scheme. Statuses of refusals:
//   400  Host missing, twice or malformed, or different from an absolute target's host; a malformed target;
//        Content-Length that is not one plain number; Transfer-Encoding on HTTP/1.0, twice, or with Content-Length;
//        fields that other programs may take for a framing field ("Content_Length")
//   417  an expectation other than 100-continue
//   501  CONNECT; a transfer coding other than chunked
Judged<Request> judge_request(RawHead head, bool secure);

// The facts of a request that decide how its answer is read.
struct Asked {
  bool head = false;  // the method was HEAD
  bool upgrade = false;
};
// Every refusal means that the connection is not to be read further.
Judged<Response> judge_response(RawHead head, Asked asked);

// True for fields of one hop (RFC 9110 7.6.1): never passed on, whoever names them.
bool is_hop_by_hop(std::string_view name);

}  // namespace railgun::http
