// Rules of the proxy that need no state: what a request looks like to the origin, what of an answer is worth a delta,
// what may be kept where.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/config/config.h"
#include "railgund/http/message.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"

namespace railgun::proxy {

// Whether the client is a proxy whose word counts: `trusted` has addresses, and networks such as 10.0.0.0/8.
bool is_trusted_proxy(std::string_view client_address, const std::vector<std::string>& trusted);

// The sender's part, before the request goes on: says who the visitor is (X-Forwarded-For, X-Real-IP) and how he came
// (X-Forwarded-Proto). Whatever the client itself sent of these and of the other fields that applications take for the
// word of a proxy (X-Forwarded-*, Forwarded, Cf-Connecting-IP, …) is dropped unless it is a trusted proxy. Of a trusted
// proxy they pass, and the client is added to the one chain that all lines of X-Forwarded-For make (RFC 9110 5.3).
// Look-alikes, which a CGI gateway turns into the same variable ("X_Forwarded_For"), are dropped from everybody: a
// trusted proxy that does not know them passes on what a visitor wrote. So are look-alikes of the fields that we set or
// drop ourselves ("Accept_Encoding"), and Cf-Railgun, by which an origin knows who asks.
// True if a neighbour, at an inner address, sent such fields and is not trusted: probably a proxy that should be.
bool add_visitor_fields(http::Request& request, std::string_view client_address,
                        const std::vector<std::string>& trusted);

// Removes from trailers what would be taken for a field of add_visitor_fields(): no proxy sends those behind a body.
void remove_visitor_fields(Fields& trailers);

// The name of a pair in Via (RFC 9110 7.6.3): a pseudonym that is the same for all links of a listener, and tells
// nothing about it. `hash`: of its reference ids.
std::string pair_name(const KeyedHash& hash);
// How often a hop of this name is in the request's Via fields: more than expected, and the request goes round.
std::size_t times_in_via(const Fields& fields, std::string_view name);
// Adds a hop: the version we received, and the name.
void add_via(http::Request& request, std::string_view name);

// The listener's part, before the request goes to the origin: asks for the identity coding where the answer may become
// a delta, names a user agent if the client did not, and says Cf-Railgun if the setting wants it.
void prepare_origin_request(http::Request& request, const config::Config& config);

// The request asks for a page: a GET without a body. Any other has a body, or a meaning, of its own.
bool is_plain_get(const http::Request& request);
// Answers to it may be references for each other: it has an answer with a body, and makes no tunnel.
bool has_references(const http::Request& request);

// A hash of the settings by which visitors are kept apart: two ends with the same one make the same of a request.
std::uint64_t isolation_rules(const config::Config& config);

// The keys of what is asked for: what answers may be references for each other is a setting. `body`: of the request, as
// far as it is known; of a plain GET nothing.
page::RequestKeys keys_of(const http::Request& request, const config::Config& config, ByteView body = {});
// The keys under which its answer is kept: `keys`, unless the answer changes the visitor's cookies; with the kind of
// content that it is.
page::RequestKeys keys_after(const http::Request& request, const http::Response& response, const config::Config& config,
                             const page::RequestKeys& keys, ByteView body = {});

// The method may be sent twice without harm (RFC 9110 9.2.2).
bool is_idempotent(std::string_view method);

// A request of gRPC: its streams may be silent for long, in both directions.
bool is_grpc(const http::Request& request);

// The answer is text that a delta makes smaller: its type is eligible (text, XML, JSON, scripts, SVG, fonts' and
// WebAssembly's uncompressed kinds), it has a body, it is no part of a page (206) and no event stream.
bool is_worth_delta(const http::Request& request, const http::Response& response);

// The answer is a script, a style sheet, an image or a font of the site, as far as it says: the same for all visitors, and kept by
// their browsers.
bool is_asset(const http::Request& request, const http::Response& response);

// The answer is no text but small, and has a length: it may be the same as before, and is kept to be compared with.
bool may_be_known(const http::Request& request, const http::Response& response);
// The largest of these. Small ones are most of them, and there are many large ones that nobody asks for twice.
inline constexpr std::uint64_t kKnownBytesMost = 256 * 1024;

// The answer is compressed by gzip alone.
bool is_gzip(const http::Response& response);

// Where this answer may be kept as a version, if anywhere: by its method, status and Cache-Control. Answers to anything
// but a plain GET stay in memory.
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
// link and the origin (RAILGUN's statuses). The line names no address of ours: the log has the rest.
ErrorAnswer error_answer(const Error& error, std::string_view host);

}  // namespace railgun::proxy
