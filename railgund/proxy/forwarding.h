// Rules of the proxy that need no state: what a request looks like to the origin, what of an answer is worth a delta,
// what may be kept where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/config/config.h"
#include "railgund/http/message.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"

namespace railgun::proxy {

// The sender's part, before the request goes on: X-Forwarded-For, X-Forwarded-Proto, X-Real-IP and Via. What the client
// itself sent of the first three is dropped unless it is a trusted proxy (an address, or a network such as 10.0.0.0/8).
// `Cf-Connecting-Ip` and other visitor-address fields pass untouched from a trusted proxy and are dropped from anyone
// else.
void add_visitor_fields(http::Request& request, std::string_view client_address,
                        const std::vector<std::string>& trusted_proxies);

// The listener's part, before the request goes to the origin: asks for the identity coding where the answer may become
// a delta, names a user agent if the client did not, and says Cf-Railgun if the setting wants it.
void prepare_origin_request(http::Request& request, const config::Config& config);

// The keys of the page that is asked for: what answers may be references for each other is a setting.
page::PageKeys keys_of(const http::Request& request, const config::Config& config);

// The method may be sent twice without harm (RFC 9110 9.2.2).
bool is_idempotent(std::string_view method);

// The answer is text that a delta makes smaller: its type is eligible (text, XML, JSON, scripts, SVG, fonts' and
// WebAssembly's uncompressed kinds), it has a body, it is no part of a page (206) and no event stream.
bool is_worth_delta(const http::Request& request, const http::Response& response);

// The answer is compressed by gzip alone.
bool is_gzip(const http::Response& response);

// Where this answer may be kept as a version, if anywhere: by its method, status and Cache-Control.
std::optional<page::Keep> keep_of(const http::Request& request, const http::Response& response,
                                  config::NoStore no_store);

// The visitor's address, as the sender has vouched for it: X-Real-IP, or the last of X-Forwarded-For. Empty: unknown.
std::string_view visitor_address(const Fields& fields);

// `host` without its port.
std::string_view host_name(std::string_view host);

// The class of a site's answers that cannot be made: what the client sees.
struct ErrorAnswer {
  unsigned status;
  std::string line;
};
// 421 for a host that is not served (kInvalid), 520 for a certificate that was refused, 527 for everything between the
// link and the origin (RAILGUN's statuses).
ErrorAnswer error_answer(const Error& error, std::string_view host);

}  // namespace railgun::proxy
