#include "railgund/http2/request_head.h"

#include <algorithm>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/http/parser.h"
#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"
#include "railgund/http/target.h"

namespace railgun::http2 {
namespace {

// ": " and the line end of HTTP/1.1.
constexpr std::size_t kFieldOverheadBytes = 4;

// Origins ask for a key (RFC 6455 4.1), HTTP/2's clients send none (RFC 8441 5). It is to keep servers and caches that
// know nothing of WebSockets from answering by accident; nothing is kept secret by it, so one for all is as good.
constexpr std::string_view kWebSocketKey = "UmFpbGd1biwgSFRUUC8yLg==";

bool is_of_connection(std::string_view name) {
  constexpr std::string_view kNames[] = {"connection", "keep-alive", "proxy-connection", "transfer-encoding",
                                         "upgrade"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

void RequestHead::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldOverheadBytes;
  ++count_;
  if (is_too_large() || fault_) return;
  if (name.starts_with(':')) {
    add_pseudo(name, value);
  } else {
    add_regular(name, value);
  }
}

void RequestHead::refuse_as(std::string text) {
  if (!fault_) fault_ = std::move(text);
}

void RequestHead::add_pseudo(std::string_view name, std::string_view value) {
  std::optional<std::string>* place = nullptr;
  if (name == ":method") place = &method_;
  if (name == ":scheme") place = &scheme_;
  if (name == ":authority") place = &authority_;
  if (name == ":path") place = &path_;
  if (name == ":protocol") place = &protocol_;
  if (place == nullptr) return refuse_as("an unknown pseudo-field");
  if (*place) return refuse_as("a pseudo-field came twice");
  if (!fields_.empty()) return refuse_as("a pseudo-field after a field");
  place->emplace(value);
}

void RequestHead::add_regular(std::string_view name, std::string_view value) {
  if (!http::is_token(name) || has_upper_case(name)) return refuse_as("a malformed field name");
  if (!http::is_field_value(value) || http::trim_blanks(value) != value) return refuse_as("a malformed field value");
  if (is_of_connection(name)) return refuse_as("a field of HTTP/1.1 connections");
  if (name == "te" && !same_name(value, "trailers")) return refuse_as("TE other than trailers");
  if (name != "cookie") {
    fields_.push_back({std::string(name), std::string(value)});
  } else if (cookie_) {
    fields_[*cookie_].value.append("; ").append(value);
  } else {
    cookie_ = fields_.size();
    fields_.push_back({std::string(name), std::string(value)});
  }
}

std::optional<Priority> RequestHead::priority() const {
  const Field* field = find_field(fields_, "priority");
  if (field == nullptr || count_fields(fields_, "priority") > 1) return std::nullopt;
  return parse_priority(field->value);
}

// Host as the first field: what :authority says, or Host itself.
http::Judged<void> RequestHead::settle_authority() {
  if (!authority_) return {};
  const std::size_t hosts = count_fields(fields_, "host");
  if (hosts > 1) return http::refuse(400, "Host came twice");
  if (hosts == 1) {
    const auto host = http::parse_host(field_value(fields_, "host"));
    const auto authority = http::parse_host(*authority_);
    if (!host || !authority || !http::same_host(*host, *authority, *scheme_ == "https"))
      return http::refuse(400, "Host and :authority name different hosts");
    remove_fields(fields_, "host");
  }
  fields_.insert(fields_.begin(), {"host", *authority_});
  return {};
}

http::Judged<void> RequestHead::settle_target() const {
  if (!scheme_ || !path_) return http::refuse(400, "no :scheme or no :path");
  if (*scheme_ != "http" && *scheme_ != "https") return http::refuse(400, "a scheme other than http and https");
  if (!path_->starts_with('/') && *path_ != "*") return http::refuse(400, "malformed path");
  return {};
}

http::Judged<http::Request> RequestHead::finish(bool ends, bool secure) && {
  if (is_too_large()) return http::refuse(431, "the head is too large");
  if (fault_) return http::refuse(400, *std::move(fault_));
  if (!method_ || !http::is_token(*method_)) return http::refuse(400, "no method");
  const bool is_connect = *method_ == "CONNECT";
  if (is_connect && (!protocol_ || *protocol_ != "websocket"))
    return http::refuse(501, "CONNECT is not offered, but for WebSockets");
  if (!is_connect && protocol_) return http::refuse(400, ":protocol without CONNECT");
  if (auto settled = settle_target(); !settled) return std::unexpected(settled.error());
  if (auto settled = settle_authority(); !settled) return std::unexpected(settled.error());
  const bool has_length = find_field(fields_, "content-length") != nullptr;

  http::RawHead raw;
  raw.method = is_connect ? "GET" : *std::move(method_);
  raw.target = *std::move(path_);
  raw.fields = std::move(fields_);
  if (is_connect) {
    if (ends || has_length) return http::refuse(400, "CONNECT with a body or an end");
    remove_fields(raw.fields, "sec-websocket-key");
    raw.fields.push_back({"sec-websocket-key", std::string(kWebSocketKey)});
    raw.fields.push_back({"connection", "upgrade"});
    raw.fields.push_back({"upgrade", "websocket"});
  } else if (!ends && !has_length) {
    raw.fields.push_back({"transfer-encoding", "chunked"});
  }
  auto request = http::judge_request(std::move(raw), secure || *scheme_ == "https");
  if (!request) return request;
  if (ends && request->body.kind == http::BodyLength::Kind::kKnown && request->body.bytes > 0)
    return http::refuse(400, "Content-Length of a request without a body");
  request->major_version = 2;
  return request;
}

}  // namespace railgun::http2
