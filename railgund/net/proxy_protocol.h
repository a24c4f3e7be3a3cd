// The PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt): before anything else, a balancer says who has
// connected to it. A codec.
#pragma once

#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

// The longest header that is read: version 1 has at most 107 bytes; version 2 has 16, addresses, and what else the
// balancer tells (its certificate's names, for example), which is skipped.
inline constexpr std::size_t kMaxProxyHeaderBytes = 4096;

struct ProxyHeader {
  std::size_t bytes = 0;   // that it takes at the front
  SocketAddress source{};  // not set: the balancer speaks for itself (LOCAL, UNKNOWN), or of a Unix socket
};

// Reads the header at the front of `bytes`. Nothing: more bytes are needed; never if there are kMaxProxyHeaderBytes.
// Errors: kMalformed, kTooLarge.
Result<std::optional<ProxyHeader>> decode_proxy_header(ByteView bytes);

}  // namespace railgun::net
