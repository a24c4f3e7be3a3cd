#include "railgund/http/target.h"

#include <algorithm>

#include "railgund/base/field.h"
#include "railgund/base/text.h"
#include "railgund/http/syntax.h"

namespace railgun::http {
namespace {

constexpr std::uint64_t kLargestPort = 65535;

bool is_letter_or_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; });
}

bool is_bracketed_ipv6(std::string_view text) {
  if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  return inner.find(':') != std::string_view::npos &&
         inner.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

// The scheme's length with "://" if `target` is in absolute-form; 0 if not.
std::size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (same_name(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

Judged<Target> split_target(std::string_view method, std::string_view target) {
  if (!is_target(target) || target.find('#') != std::string_view::npos) return refuse(400, "malformed target");
  if (target.front() == '/') return Target{.path = std::string(target), .host = {}};
  if (target == "*") {
    if (method != "OPTIONS") return refuse(400, "target * is for OPTIONS only");
    return Target{.path = "*", .host = {}};
  }
  const std::size_t scheme = scheme_length(target);
  if (scheme == 0) return refuse(400, "the target is neither a path nor an http or https address");
  const std::size_t authority_end = std::min(target.find_first_of("/?", scheme), target.size());
  auto host = parse_host(target.substr(scheme, authority_end - scheme));
  if (!host) return std::unexpected(host.error());
  std::string path(target.substr(authority_end));
  if (path.empty()) {
    path = method == "OPTIONS" ? "*" : "/";  // RFC 9112 3.2.4
  } else if (path.front() == '?') {
    path.insert(0, "/");
  }
  const bool secure = scheme == std::string_view("https://").size();
  return Target{.path = std::move(path), .host = std::move(*host), .is_absolute = true, .secure = secure};
}

Judged<std::string> parse_host(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view name = text.substr(0, colon);
  if (!is_name(name) && !is_bracketed_ipv6(name)) return refuse(400, "malformed host");
  if (colon == std::string_view::npos) return lower_ascii(name);
  const std::string_view port_text = text.substr(colon + 1);
  if (port_text.empty()) return lower_ascii(name);
  const auto port = parse_decimal(port_text);
  if (!port || *port == 0 || *port > kLargestPort) return refuse(400, "malformed port of the host");
  return lower_ascii(name) + ':' + std::to_string(*port);
}

bool same_host(std::string_view a, std::string_view b, bool secure) {
  const std::string_view usual = secure ? ":443" : ":80";
  const auto without_port = [&](std::string_view host) {
    return host.ends_with(usual) ? host.substr(0, host.size() - usual.size()) : host;
  };
  return without_port(a) == without_port(b);
}

}  // namespace railgun::http
