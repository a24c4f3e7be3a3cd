// railgun-nat.conf: which address stands for which host (doc/OPERATIONS.md, "The map file"; RAILGUN's `map.file`).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"

namespace railgun::config {

// Where an origin is.
struct OriginTarget {
  bool secure = false;  // HTTPS
  Endpoint endpoint;    // or a Unix socket (base/endpoint.h)
  bool http2 = false;   // offer HTTP/2: by ALPN under TLS, else expect it
  bool operator==(const OriginTarget&) const = default;
};

// "HOST[:PORT]" (HTTP), or with a scheme before it: http:// and https://; h2c:// for HTTP/2 in clear; h2:// for HTTPS that
// offers HTTP/2. "unix:/PATH" may stand for HOST[:PORT] after http:// and h2c://, and alone.
// Errors: kInvalid.
Result<OriginTarget> parse_origin_target(std::string_view text);
std::string to_string(const OriginTarget& target);

// What a look-up found.
struct MappedOrigin {
  std::vector<OriginTarget> targets;  // in turn, the ones that answered last first; never empty
  bool from_map = false;              // flag 0x01 of Cf-Railgun
  bool from_default = false;          // flag 0x02
  // What the map leaves to the request, which is a stranger's to choose: judge it first (proxy/host_rule.h).
  bool address_from_host = false;  // no line: the host itself is dialled
  bool port_from_host = false;     // a target without a port, for a request that names one which no line names
};

class OriginMap {
 public:
  // `host`: lower case, with port if the request named one. Without an entry: the host itself, port 443 if secure, 80
  // if not, or its own port. An entry for host and port wins over one for the host, that over the longest "*.domain",
  // that over "default". A target without a port gets the request's, or that of its scheme if the scheme changes.
  MappedOrigin find(std::string_view host, bool secure) const;

  // The hosts that have an entry, as find() takes them ("*.example.com" too); not the default.
  std::vector<std::string> hosts() const;
  bool has_default() const { return !default_.empty(); }
  bool empty() const { return entries_.empty() && default_.empty(); }
  bool operator==(const OriginMap&) const = default;

 private:
  friend Result<OriginMap> parse_origin_map(std::string_view text, std::string_view file_name);
  struct Target {
    Endpoint endpoint;  // port 0: the request's
    int secure = -1;    // 1 or 0 where the map says a scheme; -1: as the request
    bool http2 = false;
    bool operator==(const Target&) const = default;
  };
  std::map<std::string, std::vector<Target>, std::less<>> entries_;
  std::vector<Target> default_;
};

// Errors: kInvalid with "FILE:LINE: what was expected", one line a fault.
Result<OriginMap> parse_origin_map(std::string_view text, std::string_view file_name);

}  // namespace railgun::config
