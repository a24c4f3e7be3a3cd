#include "railgund/http/policy.h"

#include <algorithm>
#include <limits>

#include "railgund/base/text.h"
#include "railgund/http/syntax.h"
#include "railgund/http/target.h"
#include "railgund/http/trailers.h"

namespace railgun::http {
namespace {

// Lengths are added and subtracted on the way; half the range keeps that free of overflow.
constexpr std::uint64_t kLongestBody = std::numeric_limits<std::int64_t>::max();

// What the Connection fields say (RFC 9110 7.6.1).
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  std::vector<std::string> named;  // fields that are for this hop only
};

Judged<ConnectionOptions> read_connection(const Fields& fields) {
  ConnectionOptions options;
  for (const Field& field : fields) {
    if (!same_name(field.name, "Connection")) continue;
    for (const std::string_view option : split_list(field.value)) {
      if (!is_token(option)) return refuse(400, "malformed Connection field");
      if (same_name(option, "close")) {
        options.close = true;
      } else if (same_name(option, "keep-alive")) {
        options.keep_alive = true;
      } else if (same_name(option, "upgrade")) {
        options.upgrade = true;
      } else {
        options.named.emplace_back(option);
      }
    }
  }
  return options;
}

// A CGI gateway makes one variable of "Content-Length" and "Content_Length": two readings of one message.
bool is_look_alike(std::string_view name) {
  return is_look_alike_of(name, "Content-Length") || is_look_alike_of(name, "Transfer-Encoding");
}

// What Content-Length and Transfer-Encoding say together (RFC 9112 6); nothing if neither is there.
Judged<std::optional<BodyLength>> read_framing(const RawHead& head) {
  const std::size_t lengths = count_fields(head.fields, "Content-Length");
  const std::size_t codings = count_fields(head.fields, "Transfer-Encoding");
  if (std::any_of(head.fields.begin(), head.fields.end(), [](const Field& f) { return is_look_alike(f.name); })) {
    return refuse(400, "a field that can be taken for Content-Length or Transfer-Encoding");
  }
  if (codings > 0) {
    if (head.minor_version == 0) return refuse(400, "Transfer-Encoding on HTTP/1.0");
    if (lengths > 0) return refuse(400, "both Content-Length and Transfer-Encoding");
    if (codings > 1) return refuse(400, "Transfer-Encoding came twice");
    if (!same_name(field_value(head.fields, "Transfer-Encoding"), "chunked")) {
      return refuse(501, "a transfer coding other than chunked");
    }
    return BodyLength{BodyLength::Kind::kChunked, 0};
  }
  if (lengths == 0) return std::nullopt;
  if (lengths > 1) return refuse(400, "Content-Length came twice");
  const auto length = parse_decimal(field_value(head.fields, "Content-Length"));
  if (!length || *length > kLongestBody) return refuse(400, "malformed Content-Length");
  return BodyLength{BodyLength::Kind::kKnown, *length};
}

void strip(Fields& fields, const ConnectionOptions& options) {
  std::erase_if(fields, [&](const Field& field) {
    return is_hop_by_hop(field.name) ||
           std::any_of(options.named.begin(), options.named.end(),
                       [&](const std::string& name) { return same_name(name, field.name); });
  });
}

Judged<bool> read_expectation(const RawHead& head) {
  bool expects_continue = false;
  for (const Field& field : head.fields) {
    if (!same_name(field.name, "Expect")) continue;
    for (const std::string_view expectation : split_list(field.value)) {
      if (!same_name(expectation, "100-continue")) return refuse(417, "an expectation other than 100-continue");
      expects_continue = true;
    }
  }
  return expects_continue && head.minor_version > 0;  // RFC 9110 10.1.1: ignored on 1.0
}

// What is asked for with Connection: upgrade. RFC 9110 7.8 lets a server ignore it: done on 1.0, as it must be; with chunks,
// whose end a tunnel would hide; and for HTTP/2 in clear, which no one behind us should speak with the client.
std::string read_upgrade(const RawHead& head, const ConnectionOptions& options, const BodyLength& body) {
  const bool has_chunks = body.kind == BodyLength::Kind::kChunked;
  if (!options.upgrade || head.minor_version == 0 || has_chunks || count_fields(head.fields, "Upgrade") != 1) return {};
  const std::string_view asked = field_value(head.fields, "Upgrade");
  for (const std::string_view protocol : split_list(asked)) {
    if (same_name(protocol, "h2c") || same_name(protocol, "h2")) return {};
  }
  return std::string(asked);
}

// The host asked for, from the target and the Host field, which must agree.
Judged<std::string> settle_host(const RawHead& head, const Target& target, bool secure) {
  const std::size_t count = count_fields(head.fields, "Host");
  if (count > 1) return refuse(400, "Host came twice");
  if (count == 0 && head.minor_version > 0) return refuse(400, "no Host");
  const std::string_view written = field_value(head.fields, "Host");
  if (written.empty() && head.minor_version == 0) return target.host;
  auto host = parse_host(written);
  if (!host) return host;
  if (!target.is_absolute) return host;
  if (!same_host(*host, target.host, secure)) return refuse(400, "Host and target name different hosts");
  return target.host;
}

bool keeps_alive(const RawHead& head, const ConnectionOptions& options) {
  return !options.close && (head.minor_version > 0 || options.keep_alive);
}

}  // namespace

Judged<void> check_request_line(std::string_view line) {
  const std::size_t method_end = line.find(' ');
  if (!is_token(line.substr(0, method_end))) return refuse(400, "malformed method");
  if (method_end == std::string_view::npos) return refuse(400, "malformed request line");
  const std::size_t target_end = line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return refuse(400, "a request line without a version (HTTP/0.9)");
  if (!is_target(line.substr(method_end + 1, target_end - method_end - 1))) return refuse(400, "malformed target");
  const std::string_view version = line.substr(target_end + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return refuse(400, "malformed version");
  }
  if (version != "HTTP/1.0" && version != "HTTP/1.1") return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  return {};
}

Judged<void> check_status_line(std::string_view line) {
  const std::string_view version = line.substr(0, 8);
  if (version != "HTTP/1.0" && version != "HTTP/1.1") return refuse(502, "the answer is not HTTP/1.0 or HTTP/1.1");
  const bool has_status = line.size() >= 12 && line[8] == ' ' && line[9] >= '1' && is_digit(line[9]) &&
                          is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!has_status) return refuse(502, "malformed status line");
  return {};
}

Judged<Request> judge_request(RawHead head, bool secure) {
  if (head.method == "CONNECT") return refuse(501, "CONNECT is not offered");
  auto target = split_target(head.method, head.target);
  if (!target) return std::unexpected(target.error());
  const bool is_secure = target->is_absolute ? target->secure : secure;
  auto host = settle_host(head, *target, is_secure);
  if (!host) return std::unexpected(host.error());
  const auto options = read_connection(head.fields);
  if (!options) return std::unexpected(options.error());
  const auto framing = read_framing(head);
  if (!framing) return std::unexpected(framing.error());
  const auto expects_continue = read_expectation(head);
  if (!expects_continue) return std::unexpected(expects_continue.error());

  Request request;
  request.body = framing->value_or(BodyLength{});
  request.expects_continue = *expects_continue && request.body.kind != BodyLength::Kind::kNone;
  request.upgrade = read_upgrade(head, *options, request.body);
  request.accepts_trailers = head.minor_version > 0 && accepts_trailers(head.fields);
  request.keep_alive = keeps_alive(head, *options);
  request.minor_version = head.minor_version;
  request.secure = is_secure;
  request.host = std::move(*host);
  request.target = std::move(target->path);
  request.method = std::move(head.method);
  request.fields = std::move(head.fields);
  strip(request.fields, *options);
  remove_fields(request.fields, "Host");
  remove_fields(request.fields, "Expect");
  return request;
}

Judged<Response> judge_response(RawHead head, Asked asked) {
  const auto options = read_connection(head.fields);
  if (!options) return std::unexpected(options.error());
  const auto framing = read_framing(head);
  if (!framing) return std::unexpected(framing.error());
  if (head.status == 101 && !(asked.upgrade && options->upgrade && count_fields(head.fields, "Upgrade") == 1)) {
    return refuse(502, "an upgrade that was not asked for");
  }

  Response response;
  response.status = head.status;
  response.reason = std::move(head.reason);
  response.minor_version = head.minor_version;
  response.keep_alive = keeps_alive(head, *options);
  if (head.status == 101) response.upgrade = field_value(head.fields, "Upgrade");
  if (head.status < 200 || head.status == 204) {
    response.body = {};
  } else if (asked.head || head.status == 304) {
    // What a GET would have told, for the client to know; no bytes follow.
    const bool told = *framing && (*framing)->kind == BodyLength::Kind::kKnown;
    response.body = told ? **framing : BodyLength{};
  } else {
    response.body = framing->value_or(BodyLength{BodyLength::Kind::kToClose, 0});
    if (!*framing) response.keep_alive = false;
  }
  response.fields = std::move(head.fields);
  strip(response.fields, *options);
  return response;
}

bool is_hop_by_hop(std::string_view name) {
  // "Proxy" is in no standard, but CGI gateways hand it on as HTTP_PROXY (CVE-2016-5385).
  constexpr std::string_view kNames[] = {"Connection",
                                         "Keep-Alive",
                                         "Proxy",
                                         "Proxy-Connection",
                                         "Proxy-Authenticate",
                                         "Proxy-Authorization",
                                         "Proxy-Authentication-Info",
                                         "TE",
                                         "Trailer",
                                         "Transfer-Encoding",
                                         "Upgrade",
                                         "Content-Length"};
  if (name.empty() || std::string_view("CKPTUckptu").find(name.front()) == std::string_view::npos) return false;
  return std::any_of(std::begin(kNames), std::end(kNames), [&](std::string_view hop) { return same_name(hop, name); });
}

}  // namespace railgun::http
