// A host and a port as people write them: "example.com:8080", "[2001:db8::1]:443", "10.0.0.1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "railgund/base/result.h"

namespace railgun {

struct Endpoint {
  std::string host;        // a name or an address, IPv6 without brackets; or the path of a Unix socket, from '/' on
  std::uint16_t port = 0;  // 0 with a path
  bool operator==(const Endpoint&) const = default;
  auto operator<=>(const Endpoint&) const = default;
};

// `default_port`: used if the text names none; 0 means that it must.
// Errors: kInvalid for an empty host, a port that is not 1-65535, an IPv6 address with a port but no brackets.
Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

// The same, or unix:PATH with a full path. Errors: as above; a path that is not full, or longer than 107 bytes.
Result<Endpoint> parse_endpoint_or_path(std::string_view text, std::uint16_t default_port);

// Port 0: a host that somebody names with a port, or that gets a default one, is no path, whatever it says.
inline bool is_unix_socket(const Endpoint& endpoint) { return endpoint.port == 0 && endpoint.host.starts_with('/'); }

// The counterpart of both; an IPv6 host gets brackets.
std::string to_string(const Endpoint& endpoint);

}  // namespace railgun
