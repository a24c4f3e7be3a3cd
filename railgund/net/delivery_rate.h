// How fast a TCP connection delivers, as the kernel measured it (Linux tcp_info, since 4.9).
#pragma once

#include <cstdint>
#include <optional>

namespace railgun::net {

struct DeliveryRate {
  std::uint64_t bytes_per_second = 0;
  // The sender had too little to send, so the connection may be faster.
  bool is_least = false;
};

// Nothing if the kernel does not say, or nothing was delivered yet.
std::optional<DeliveryRate> delivery_rate(int socket);

}  // namespace railgun::net
