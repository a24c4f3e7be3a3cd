#include "railgund/proxy/forwarding.h"

#include <algorithm>
#include <array>

#include "railgund/base/text.h"
#include "railgund/config/value.h"

namespace railgun::proxy {
namespace {

constexpr std::array<std::string_view, 7> kVisitorFields = {"x-forwarded-for", "x-forwarded-proto", "x-real-ip",
                                                            "forwarded",       "cf-connecting-ip",  "true-client-ip",
                                                            "x-forwarded-host"};

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

}  // namespace

void add_visitor_fields(http::Request& request, std::string_view client_address,
                        const std::vector<std::string>& trusted_proxies) {
  const bool trusted = std::any_of(trusted_proxies.begin(), trusted_proxies.end(), [&](const std::string& network) {
    return config::is_in_network(client_address, network);
  });
  if (!trusted) {
    for (const std::string_view name : kVisitorFields) remove_fields(request.fields, name);
  }
  std::string forwarded_for(field_value(request.fields, "x-forwarded-for"));
  if (!forwarded_for.empty()) forwarded_for += ", ";
  forwarded_for += client_address;
  set_field(request.fields, "x-forwarded-for", forwarded_for);
  if (find_field(request.fields, "x-forwarded-proto") == nullptr) {
    request.fields.push_back({"x-forwarded-proto", request.secure ? "https" : "http"});
  }
  if (find_field(request.fields, "x-real-ip") == nullptr)
    request.fields.push_back({"x-real-ip", std::string(client_address)});
  // RFC 9110 7.6.3: what we received, and who we are.
  std::string via(field_value(request.fields, "via"));
  if (!via.empty()) via += ", ";
  via += request.minor_version == 0 ? "1.0 railgun" : "1.1 railgun";
  set_field(request.fields, "via", via);
}

void prepare_origin_request(http::Request& request, const config::Config& config) {
  if (request.upgrade.empty()) set_field(request.fields, "accept-encoding", "identity");
  // The original named itself where the client named nobody (5.3.0): some origins refuse requests without.
  if (find_field(request.fields, "user-agent") == nullptr) {
    request.fields.push_back({"user-agent", "Railgun/" RAILGUN_VERSION});
  }
  remove_fields(request.fields, "cf-railgun");
  if (config.origin_cf_railgun) request.fields.push_back({"cf-railgun", "origin"});
}

page::PageKeys keys_of(const http::Request& request, const config::Config& config) {
  const page::Isolation isolation = {.cookies = config.isolate_cookies,
                                     .fields = config.isolate_headers,
                                     .authorization = config.isolate_authorization};
  return page::page_keys(request.secure, request.host, request.target, request.fields, isolation);
}

bool is_idempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kMethods = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
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

std::optional<page::Keep> keep_of(const http::Request& request, const http::Response& response,
                                  config::NoStore no_store) {
  if (request.method != "GET" || (response.status != 200 && response.status != 404)) return std::nullopt;
  const bool says_no_store = std::any_of(response.fields.begin(), response.fields.end(), [](const Field& field) {
    return same_name(field.name, "cache-control") && has_directive(field.value, "no-store");
  });
  if (!says_no_store || no_store == config::NoStore::kAll) return page::Keep::kStoreToo;
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
  const std::string where = " (" + std::string(host) + "): ";
  switch (error.code) {
    case Errc::kInvalid:
      return {421, "This host is not served here (" + std::string(host) + ")"};
    case Errc::kDenied:
      return {520, "The origin's certificate was refused" + where + error.text};
    case Errc::kTimeout:
      return {527, "No answer from the origin in time" + where + error.text};
    case Errc::kMalformed:
    case Errc::kTooLarge:
      return {527, "The origin's answer could not be read" + where + error.text};
    default:
      return {527, "The origin could not be reached" + where + error.text};
  }
}

}  // namespace railgun::proxy
