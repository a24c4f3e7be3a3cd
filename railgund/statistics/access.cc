#include "railgund/statistics/access.h"

#include <optional>

#include "railgund/base/text.h"
#include "railgund/net/socket_address.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/tls/base64.h"
#include "railgund/tls/token.h"

namespace railgun::statistics {
namespace {

// The token that the Authorization field names, or nothing.
std::string named_token(std::string_view authorization) {
  const std::size_t blank = authorization.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view scheme = authorization.substr(0, blank);
  std::string_view value = authorization.substr(blank);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (same_name(scheme, "Bearer")) return std::string(value);
  if (!same_name(scheme, "Basic")) return {};
  const auto decoded = tls::from_base64(value);
  const std::string_view pair = decoded ? as_text(*decoded) : std::string_view{};
  const std::size_t colon = pair.find(':');
  return colon == std::string_view::npos ? std::string{} : std::string(pair.substr(colon + 1));
}

// A name in the Host field may be anyone's; an address cannot be made to point elsewhere.
bool is_on_purpose(std::string_view host) {
  std::string_view name = proxy::host_name(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return name.empty() || name == "localhost" || net::SocketAddress::parse(name, 1).has_value();
}

std::optional<Refusal> refuse_stranger(const http::Request& request, bool is_local, const std::string& token) {
  if (is_local) {
    if (is_on_purpose(request.host)) return std::nullopt;
    return Refusal{403, "On this machine, ask for an address or localhost, not for a name"};
  }
  // The settings allow no such address without a token; this is the second lock.
  if (token.empty()) return Refusal{403, "Only this machine may ask: stats.token is not set"};
  const std::string named = named_token(field_value(request.fields, "Authorization"));
  if (tls::equal_secrets(as_bytes(named), as_bytes(token))) return std::nullopt;
  return Refusal{
      401,
      "From here a token is needed (stats.token): as 'Authorization: Bearer TOKEN', or as the password of any user",
      {{"WWW-Authenticate", "Basic realm=\"Railgun statistics: any user, the token as password\", charset=\"UTF-8\""}}};
}

}  // namespace

std::expected<Resource, Refusal> judge_request(const http::Request& request, bool is_local, const std::string& token) {
  if (auto refusal = refuse_stranger(request, is_local, token)) return std::unexpected(*std::move(refusal));
  if (request.method != "GET" && request.method != "HEAD")
    return std::unexpected(Refusal{405, "Only GET and HEAD", {{"Allow", "GET, HEAD"}}});
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/") {
    const bool is_browser = field_value(request.fields, "Accept").find("text/html") != std::string_view::npos;
    return is_browser ? Resource::kPage : Resource::kStatistics;
  }
  if (path == "/stats.json") return Resource::kStatistics;
  if (path == "/history.json") return Resource::kHistory;
  if (path == "/metrics") return Resource::kMetrics;
  return std::unexpected(Refusal{404, "There are /, /stats.json, /history.json and /metrics"});
}

}  // namespace railgun::statistics
