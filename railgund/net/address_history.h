// In which order to try the addresses of a name: those that failed a while ago come last, and the families take turns
// (RFC 8305, "Happy Eyeballs", 4).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

class AddressHistory {
 public:
  // How long a failure counts: an address that works again is used first again after it.
  static constexpr Duration kMemory = std::chrono::seconds(60);
  static constexpr std::size_t kMostAddresses = 256;

  // The connection failed, or another address was faster although it was tried later.
  void failed(const SocketAddress& address, Instant now);
  void succeeded(const SocketAddress& address);
  std::vector<SocketAddress> in_order(const std::vector<SocketAddress>& addresses, Instant now) const;

 private:
  std::map<std::string, Instant> failed_until_;
};

}  // namespace railgun::net
