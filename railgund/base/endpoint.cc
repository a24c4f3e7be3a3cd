#include "railgund/base/endpoint.h"

#include <charconv>

namespace railgun {
namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kPathMost = 107;  // sockaddr_un holds one byte more, for its end (unix(7))

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65535) {
    return fail(Errc::kInvalid, "'" + std::string(whole) + "': the port must be a number from 1 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail(Errc::kInvalid, "'" + std::string(text) + "': missing ']'");
    endpoint.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':')
      return fail(Errc::kInvalid, "'" + std::string(text) + "': expected ':PORT' after ']'");
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return fail(Errc::kInvalid, "'" + std::string(text) + "': no port after ':'");
  } else {
    const std::size_t colon = text.find(':');
    const bool ipv6 = colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
    endpoint.host = ipv6 ? text : text.substr(0, colon);
    if (!ipv6 && colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return fail(Errc::kInvalid, "'" + std::string(text) + "': no port after ':'");
    }
  }
  if (endpoint.host.empty()) return fail(Errc::kInvalid, "'" + std::string(text) + "': no host");
  if (endpoint.host.find_first_of(" \t/@\"") != std::string::npos) {
    return fail(Errc::kInvalid, "'" + std::string(text) + "' is not a host name or an address");
  }
  if (port.empty()) {
    if (default_port == 0) return fail(Errc::kInvalid, "'" + std::string(text) + "': needs a port, as in HOST:PORT");
    endpoint.port = default_port;
    return endpoint;
  }
  const Result<std::uint16_t> number = parse_port(port, text);
  if (!number) return std::unexpected(number.error());
  endpoint.port = *number;
  return endpoint;
}

Result<Endpoint> parse_endpoint_or_path(std::string_view text, std::uint16_t default_port) {
  if (!text.starts_with(kUnix)) return parse_endpoint(text, default_port);
  const std::string_view path = text.substr(kUnix.size());
  if (!path.starts_with('/') || path.size() > kPathMost)
    return fail(Errc::kInvalid, "'" + std::string(text) + "': needs a full path of at most 107 bytes after unix:");
  return Endpoint{std::string(path), 0};
}

std::string to_string(const Endpoint& endpoint) {
  if (is_unix_socket(endpoint)) return std::string(kUnix) + endpoint.host;
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace railgun
