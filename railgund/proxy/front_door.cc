#include "railgund/proxy/front_door.h"

#include <algorithm>

#include "railgund/base/text.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

constexpr std::string_view kChallenges = "/.well-known/acme-challenge/";
constexpr std::size_t kMostToken = 128;
constexpr std::uint16_t kHttpsPort = 443;

bool is_base64url(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

std::optional<std::string_view> challenge_token(const http::Request& request) {
  std::string_view token = request.target;
  if ((request.method != "GET" && request.method != "HEAD") || !token.starts_with(kChallenges)) return std::nullopt;
  token.remove_prefix(kChallenges.size());
  if (token.empty() || token.size() > kMostToken || !std::all_of(token.begin(), token.end(), is_base64url))
    return std::nullopt;
  return token;
}

std::string https_address(const http::Request& request, std::uint16_t port) {
  const std::string_view host = host_name(request.host);
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string address = "https://" + (is_ipv6 ? "[" + std::string(host) + "]" : std::string(host));
  if (port != kHttpsPort) address += ":" + std::to_string(port);
  return address + (request.target.starts_with('/') ? request.target : "/");
}

bool ends_here(http::Request& request) {
  if (request.method != "OPTIONS" && request.method != "TRACE") return false;
  constexpr std::string_view kName = "max-forwards";
  const auto is_it = [&](const Field& field) { return same_name(field.name, kName); };
  const auto found = std::find_if(request.fields.begin(), request.fields.end(), is_it);
  if (found == request.fields.end() || std::any_of(found + 1, request.fields.end(), is_it)) return false;
  // "A recipient MAY" take a larger number for the largest that it supports.
  constexpr std::size_t kMostDigits = 9;
  const std::string& text = found->value;
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return false;
  const std::size_t first = std::min(text.find_first_not_of('0'), text.size());
  if (first == text.size()) return true;
  unsigned left = 0;
  if (text.size() - first > kMostDigits) {
    left = 999'999'999;
  } else {
    for (const char digit : std::string_view(text).substr(first)) left = left * 10 + static_cast<unsigned>(digit - '0');
  }
  found->value = std::to_string(left - 1);
  return false;
}

std::string server_timing(AccessRecord::Way way, Duration link, Duration origin) {
  const auto metric = [](std::string_view name, Duration time) {
    // To a tenth of a millisecond.
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(time).count() / 100;
    return ", " + std::string(name) + ";dur=" + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
  };
  std::string value = name_of(way);
  if (link > Duration{}) value += metric("link", link);
  if (way != AccessRecord::Way::kOwn) value += metric("origin", origin);
  return value;
}

void add_fixed_fields(Fields& fields, const Fields& fixed, bool is_https) {
  for (const Field& field : fixed) {
    if (!is_https && same_name(field.name, "strict-transport-security")) continue;
    if (find_field(fields, field.name) == nullptr) fields.push_back(field);
  }
}

}  // namespace railgun::proxy
