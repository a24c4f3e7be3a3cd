#include "railgund/proxy/forwarding.h"

#include <algorithm>
#include <array>

#include "railgund/base/text.h"
#include "railgund/config/address_class.h"
#include "railgund/config/value.h"
#include "railgund/dictionary/freshness.h"

namespace railgun::proxy {
namespace {

// By which proxies tell who the visitor is and what he asked them for, besides all of X-Forwarded-*.
constexpr std::array<std::string_view, 29> kVisitorFields = {"forwarded",
                                                             "x-real-ip",
                                                             "x-client-ip",
                                                             "x-cluster-client-ip",
                                                             "client-ip",
                                                             "x-remote-ip",
                                                             "x-remote-addr",
                                                             "x-originating-ip",
                                                             "x-proxyuser-ip",
                                                             "proxy-client-ip",
                                                             "wl-proxy-client-ip",
                                                             "true-client-ip",
                                                             "fastly-client-ip",
                                                             "cf-connecting-ip",
                                                             "cf-connecting-ipv6",
                                                             "cf-pseudo-ipv4",
                                                             "cf-ipcountry",
                                                             "cf-visitor",
                                                             "x-azure-clientip",
                                                             "x-azure-socketip",
                                                             "x-appengine-user-ip",
                                                             "x-envoy-external-address",
                                                             "x-original-forwarded-for",
                                                             "x-original-host",
                                                             "x-original-url",
                                                             "x-rewrite-url",
                                                             "x-url-scheme",
                                                             "front-end-https",
                                                             "x-host"};
// Fields of requests that we set or drop. What CGI takes for one of them is dropped, too: it would stand beside ours.
constexpr std::array<std::string_view, 13> kOurFields = {
    "accept-encoding",     "user-agent",       "via", "cf-railgun", "connection",
    "keep-alive",          "proxy-connection", "te",  "upgrade",    "trailer",
    "proxy-authorization", "expect",           "host"};

bool is_visitor_field(std::string_view normal) {
  return normal.starts_with("x-forwarded-") ||
         std::find(kVisitorFields.begin(), kVisitorFields.end(), normal) != kVisitorFields.end();
}

bool is_ours(std::string_view normal) {
  return std::find(kOurFields.begin(), kOurFields.end(), normal) != kOurFields.end();
}

// All lines of a field as the one list that they stand for (RFC 9110 5.3), without its empty members.
std::vector<std::string> list_of(const Fields& fields, std::string_view name) {
  std::vector<std::string> members;
  for (const Field& field : fields) {
    if (!same_name(field.name, name)) continue;
    for (const std::string_view member : split(field.value, ",")) {
      if (const std::string_view text = trim(member); !text.empty()) members.emplace_back(text);
    }
  }
  return members;
}

// Some proxies add the visitor's port: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::string_view address_of_hop(std::string_view hop) {
  if (hop.starts_with('[')) return hop.substr(1, std::min(hop.find(']'), hop.size()) - 1);
  const std::size_t colon = hop.find(':');
  return colon != std::string_view::npos && colon == hop.rfind(':') ? hop.substr(0, colon) : hop;
}

// Where each proxy adds its word to that of those before it, the one that counts is of the proxy to which the visitor
// came: of the last `hops` of them the first. What is before it a visitor may have written.
void choose_member(Fields& fields, std::string_view name, std::size_t hops) {
  const std::vector<std::string> members = list_of(fields, name);
  if (members.size() < 2) return;
  set_field(fields, name, members[members.size() - std::clamp<std::size_t>(hops, 1, members.size())]);
}

// A media type without its parameters, in lower case.
std::string media_type(const http::Response& response) {
  const std::string_view value = field_value(response.fields, "content-type");
  std::string type = lower_ascii(value.substr(0, value.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return type;
}

bool is_eligible_type(std::string_view type) {
  if (type == "text/event-stream") return false;
  if (type.starts_with("text/") || type.ends_with("+xml") || type.ends_with("+json")) return true;
  constexpr std::array<std::string_view, 12> kTypes = {"application/json",
                                                       "application/ecmascript",
                                                       "application/javascript",
                                                       "application/x-javascript",
                                                       "application/xml",
                                                       "application/dart",
                                                       "application/wasm",
                                                       "application/x-ndjson",
                                                       "application/graphql",
                                                       "font/ttf",
                                                       "font/otf",
                                                       "image/svg"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

// One directive in a comma-separated field, without regard to case.
bool has_directive(std::string_view value, std::string_view directive) {
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view item = value.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    item = item.substr(0, item.find_first_of(" \t=;"));
    if (same_name(item, directive)) return true;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return false;
}

// Whether the request is signed and the signature covers Accept-Encoding: by AWS Signature Version 4 (in Authorization or
// in the query), HTTP Message Signatures (RFC 9421, Signature-Input) or their drafts. All of them list the names of what
// they cover, which nothing else in these places contains.
bool signs_accept_encoding(const http::Request& request) {
  constexpr std::string_view kName = "accept-encoding";
  const auto names_it = [&](std::string_view text) { return lower_ascii(text).find(kName) != std::string::npos; };
  constexpr std::string_view kSignedInQuery = "signedheaders=";
  const std::size_t query = request.target.find('?');
  if (query != std::string::npos) {
    const std::string lower = lower_ascii(std::string_view(request.target).substr(query));
    const std::size_t list = lower.find(kSignedInQuery);
    if (list != std::string::npos && lower.substr(list, lower.find('&', list) - list).find(kName) != std::string::npos)
      return true;
  }
  return std::ranges::any_of(request.fields, [&](const Field& field) {
    const bool is_signature = same_name(field.name, "authorization") || same_name(field.name, "signature") ||
                              same_name(field.name, "signature-input");
    return is_signature && names_it(field.value);
  });
}

}  // namespace

bool is_trusted_proxy(std::string_view client_address, const std::vector<std::string>& trusted) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const std::string& network) { return config::is_in_network(client_address, network); });
}

bool add_visitor_fields(http::Request& request, std::string_view client_address,
                        const std::vector<std::string>& trusted) {
  const bool is_trusted = is_trusted_proxy(client_address, trusted);
  bool has_dropped = false;
  std::erase_if(request.fields, [&](const Field& field) {
    const std::string normal = gateway_name(field.name);
    const bool is_look_alike = !same_name(field.name, normal);
    if (!is_visitor_field(normal)) return normal == "cf-railgun" || (is_look_alike && is_ours(normal));
    has_dropped = has_dropped || (!is_trusted && !is_look_alike);
    return !is_trusted || is_look_alike;
  });

  std::vector<std::string> chain = list_of(request.fields, "x-forwarded-for");
  // The nearest hop that no trusted proxy is: nobody vouches for what is before it.
  std::string visitor(client_address);
  std::size_t hops = 0;
  for (auto hop = chain.rbegin(); hop != chain.rend() && is_trusted_proxy(visitor, trusted); ++hop) {
    const std::string_view address = address_of_hop(*hop);
    if (!config::is_address(address)) break;
    visitor = address;
    ++hops;
  }
  for (const std::string_view name : {"x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"})
    choose_member(request.fields, name, hops);
  chain.emplace_back(client_address);
  set_field(request.fields, "x-forwarded-for", join(chain));
  if (find_field(request.fields, "x-forwarded-proto") == nullptr) {
    request.fields.push_back({"x-forwarded-proto", request.secure ? "https" : "http"});
  }
  if (find_field(request.fields, "x-real-ip") == nullptr) request.fields.push_back({"x-real-ip", std::move(visitor)});
  return has_dropped && !config::is_public_address(client_address);
}

void remove_visitor_fields(Fields& trailers) {
  std::erase_if(trailers, [](const Field& field) { return is_visitor_field(gateway_name(field.name)); });
}

std::string pair_name(const KeyedHash& hash) {
  // Four bytes tell the hops of one request apart, and are too few to learn anything about the key.
  const Id128 id = hash(as_bytes(std::string_view("via")));
  return "railgun-" + to_hex(ByteView(id.bytes).first(4));
}

std::size_t times_in_via(const Fields& fields, std::string_view name) {
  std::size_t times = 0;
  for (const std::string& hop : list_of(fields, "via")) {
    // "1.1 name (comment)"
    const std::vector<std::string_view> words = split(hop, kWhiteSpace);
    if (words.size() >= 2 && same_name(words[1], name)) ++times;
  }
  return times;
}

void add_via(http::Request& request, std::string_view name) {
  std::vector<std::string> hops = list_of(request.fields, "via");
  const std::string version = request.major_version == 2 ? "2.0" : request.minor_version == 0 ? "1.0" : "1.1";
  hops.push_back(version + " " + std::string(name));
  set_field(request.fields, "via", join(hops));
}

void prepare_origin_request(http::Request& request, const config::Config& config) {
  if (request.upgrade.empty() && !signs_accept_encoding(request))
    set_field(request.fields, "accept-encoding", "identity");
  // The original named itself where the client named nobody (5.3.0): some origins refuse requests without.
  if (find_field(request.fields, "user-agent") == nullptr) {
    request.fields.push_back({"user-agent", "Railgun/" RAILGUN_VERSION});
  }
  remove_fields(request.fields, "cf-railgun");
  if (config.origin_cf_railgun) request.fields.push_back({"cf-railgun", "origin"});
}

bool is_plain_get(const http::Request& request) {
  return request.method == "GET" && request.body.kind == http::BodyLength::Kind::kNone;
}

bool has_references(const http::Request& request) { return request.method != "HEAD" && request.upgrade.empty(); }

std::uint64_t isolation_rules(const config::Config& config) {
  Bytes text;
  ByteWriter out(text);
  const auto add = [&](const std::vector<std::string>& names) {
    out.varint(names.size());
    for (const std::string& name : names) {
      out.varint(name.size());
      out.bytes(as_bytes(name));
    }
  };
  out.u8(config.isolate_visitors ? 1 : 0);
  out.u8(config.isolate_authorization ? 1 : 0);
  out.varint(config.isolate_shared_by);
  add(config.isolate_ignore_cookies);
  add(config.isolate_cookies);
  add(config.isolate_headers);
  return hash64(text);
}

page::RequestKeys keys_of(const http::Request& request, const config::Config& config, ByteView body) {
  const page::Isolation isolation = {.visitors = config.isolate_visitors,
                                     .ignored_cookies = config.isolate_ignore_cookies,
                                     .cookies = config.isolate_cookies,
                                     .fields = config.isolate_headers,
                                     .authorization = config.isolate_authorization};
  return page::request_keys(request.secure, request.host, request.target, request.fields, isolation,
                            {.method = request.method, .has_body = !is_plain_get(request), .body = body});
}

page::RequestKeys keys_after(const http::Request& request, const http::Response& response, const config::Config& config,
                             const page::RequestKeys& keys, ByteView body) {
  const page::MediaClass media = page::media_class_of(response.status, field_value(response.fields, "content-type"));
  page::RequestKeys after = keys;
  if (config.isolate_visitors && find_field(response.fields, "set-cookie") != nullptr) {
    http::Request next;
    next.method = request.method;
    next.body = request.body;
    next.host = request.host;
    next.target = request.target;
    next.secure = request.secure;
    next.fields = page::with_new_cookies(request.fields, response.fields);
    after = keys_of(next, config, body);
  }
  after.own.media = media;
  if (after.open) after.open->media = media;
  return after;
}

bool is_grpc(const http::Request& request) { return http::is_grpc_type(field_value(request.fields, "content-type")); }

bool is_idempotent(std::string_view method) {
  // As IANA's registry of methods has them.
  constexpr std::array<std::string_view, 16> kMethods = {"GET",       "HEAD",   "OPTIONS", "TRACE", "PUT",  "DELETE",
                                                         "PROPFIND",  "REPORT", "SEARCH",  "QUERY", "COPY", "MOVE",
                                                         "PROPPATCH", "MKCOL",  "UNLOCK",  "ACL"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

bool is_gzip(const http::Response& response) {
  const std::string_view coding = field_value(response.fields, "content-encoding");
  return count_fields(response.fields, "content-encoding") == 1 &&
         (same_name(coding, "gzip") || same_name(coding, "x-gzip"));
}

bool is_worth_delta(const http::Request& request, const http::Response& response) {
  // Under it the delta's own frame is most of it.
  constexpr std::uint64_t kTinyBody = 64;
  if (request.method == "HEAD" || response.status < 200 || response.status == 204 || response.status == 206 ||
      response.status == 304 || response.body.kind == http::BodyLength::Kind::kNone) {
    return false;
  }
  if (response.body.kind == http::BodyLength::Kind::kKnown && response.body.bytes < kTinyBody) return false;
  const bool coded = find_field(response.fields, "content-encoding") != nullptr &&
                     !same_name(field_value(response.fields, "content-encoding"), "identity");
  if (coded && !is_gzip(response)) return false;
  // RFC 9111 5.2.2.6: no-transform forbids to touch the content, and undoing gzip does.
  if (coded && has_directive(field_value(response.fields, "cache-control"), "no-transform")) return false;
  return is_eligible_type(media_type(response));
}

bool is_asset(const http::Request& request, const http::Response& response) {
  if (!is_plain_get(request) || response.status != 200) return false;
  switch (page::media_class_of(response.status, field_value(response.fields, "content-type"))) {
    case page::MediaClass::kScript:
    case page::MediaClass::kStyle:
    case page::MediaClass::kImage:
    case page::MediaClass::kFont:
      return dictionary::is_for_everybody(response.fields);
    default:
      return false;
  }
}

bool may_be_known(const http::Request& request, const http::Response& response) {
  // A smaller one costs no more than what would be said instead.
  constexpr std::uint64_t kLeast = 64;
  const http::BodyLength& body = response.body;
  return request.method == "GET" && response.status == 200 && body.kind == http::BodyLength::Kind::kKnown &&
         body.bytes >= kLeast && body.bytes <= kKnownBytesMost;
}

std::optional<page::Keep> keep_of(const http::Request& request, const http::Response& response,
                                  config::NoStore no_store) {
  const bool is_plain = is_plain_get(request);
  // Forms that are shown again and errors of APIs are 4xx.
  const bool is_kept = is_plain ? response.status == 200 || response.status == 404
                                : has_references(request) && response.status >= 200 && response.status <= 499;
  if (!is_kept) return std::nullopt;
  const bool says_no_store = std::any_of(response.fields.begin(), response.fields.end(), [](const Field& field) {
    return same_name(field.name, "cache-control") && has_directive(field.value, "no-store");
  });
  if (!says_no_store || no_store == config::NoStore::kAll)
    return is_plain ? page::Keep::kStoreToo : page::Keep::kMemoryOnly;
  if (no_store == config::NoStore::kMemory) return page::Keep::kMemoryOnly;
  return std::nullopt;
}

std::string_view visitor_address(const Fields& fields) {
  const std::string_view real = field_value(fields, "x-real-ip");
  if (!real.empty()) return real;
  const std::string_view chain = field_value(fields, "x-forwarded-for");
  const std::size_t comma = chain.rfind(',');
  const std::size_t begin = comma == std::string_view::npos ? 0 : chain.find_first_not_of(", \t", comma);
  return begin == std::string_view::npos ? std::string_view{} : chain.substr(begin);
}

std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    return close == std::string_view::npos ? host : host.substr(1, close - 1);
  }
  return host.substr(0, host.find(':'));
}

ErrorAnswer error_answer(const Error& error, std::string_view host) {
  const std::string where = " (" + std::string(host) + ")";
  switch (error.code) {
    case Errc::kInvalid:
      return {421, "This host is not served here (" + std::string(host) + ")"};
    case Errc::kDenied:
      return {520, "The origin's certificate was refused" + where};
    case Errc::kTimeout:
      return {527, "No answer from the origin in time" + where};
    case Errc::kMalformed:
    case Errc::kTooLarge:
      return {527, "The origin's answer could not be read" + where + ": " + error.text};
    default:
      return {527, "The origin could not be reached" + where};
  }
}

}  // namespace railgun::proxy
