// What the sender does as the server that visitors reach first, before a request goes on its way and to every answer:
// challenges of ACME, the way from http to https, fields that the settings add. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/field.h"
#include "railgund/base/time.h"
#include "railgund/http/message.h"
#include "railgund/proxy/access_record.h"

namespace railgun::proxy {

// The token of a request for /.well-known/acme-challenge/TOKEN (RFC 8555 8.3), if it is one: GET or HEAD, 1 to 128
// characters of base64url, which make no path. The view is into the request.
std::optional<std::string_view> challenge_token(const http::Request& request);

// The same page by https. `port`: on which visitors reach it.
std::string https_address(const http::Request& request, std::uint16_t port);

// Counts the Max-Forwards field of OPTIONS and TRACE down by one (RFC 9110 7.6.2). True: it was 0, and the request goes no
// further. A field that is no number, or comes twice, means nothing and passes. The pair is one hop, as in Via.
bool ends_here(http::Request& request);

// The value of Server-Timing (W3C Server Timing): "delta, link;dur=41.2, origin;dur=9.5". `link`: zero without one.
std::string server_timing(AccessRecord::Way way, Duration link, Duration origin);

// Adds the fields of answer.fields to an answer that has no field of that name. Strict-Transport-Security only to answers
// over https (RFC 6797 7.2).
void add_fixed_fields(Fields& fields, const Fields& fixed, bool is_https);

}  // namespace railgun::proxy
