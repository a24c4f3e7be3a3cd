#include "railgund/net/delivery_rate.h"

#include <cstddef>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace railgun::net {

std::optional<DeliveryRate> delivery_rate(int socket) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // Older kernels know fewer fields.
  if (size < offsetof(tcp_info, tcpi_delivery_rate) + sizeof(info.tcpi_delivery_rate)) return std::nullopt;
  if (info.tcpi_delivery_rate == 0) return std::nullopt;
  return DeliveryRate{info.tcpi_delivery_rate, info.tcpi_delivery_rate_app_limited != 0};
}

}  // namespace railgun::net
