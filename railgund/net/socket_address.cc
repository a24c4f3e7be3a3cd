#include "railgund/net/socket_address.h"

#include <array>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <net/if.h>

namespace railgun::net {

SocketAddress::SocketAddress() {
  std::memset(&address_, 0, sizeof address_);
  address_.any.sa_family = AF_UNSPEC;
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view host, std::uint16_t port) {
  std::string text(host);
  SocketAddress result;
  if (inet_pton(AF_INET, text.c_str(), &result.address_.ipv4.sin_addr) == 1) {
    result.address_.ipv4.sin_family = AF_INET;
    result.set_port(port);
    return result;
  }
  std::uint32_t scope = 0;
  if (const std::size_t percent = text.find('%'); percent != std::string::npos) {
    const std::string name = text.substr(percent + 1);
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), scope);
    if (error != std::errc{} || end != name.data() + name.size()) scope = if_nametoindex(name.c_str());
    if (scope == 0) return std::nullopt;
    text.resize(percent);
  }
  result = any_ipv6(port);
  if (inet_pton(AF_INET6, text.c_str(), &result.address_.ipv6.sin6_addr) != 1) return std::nullopt;
  result.address_.ipv6.sin6_scope_id = scope;
  return result;
}

std::optional<SocketAddress> SocketAddress::from(const sockaddr* address, socklen_t length) {
  SocketAddress result;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    std::memcpy(&result.address_.ipv4, address, sizeof(sockaddr_in));
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    std::memcpy(&result.address_.ipv6, address, sizeof(sockaddr_in6));
  } else {
    return std::nullopt;
  }
  return result;
}

SocketAddress SocketAddress::any_ipv4(std::uint16_t port) {
  SocketAddress result;
  result.address_.ipv4.sin_family = AF_INET;
  result.set_port(port);
  return result;
}

SocketAddress SocketAddress::any_ipv6(std::uint16_t port) {
  SocketAddress result;
  result.address_.ipv6.sin6_family = AF_INET6;
  result.set_port(port);
  return result;
}

std::uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(address_.ipv4.sin_port);
  if (family() == AF_INET6) return ntohs(address_.ipv6.sin6_port);
  return 0;
}

void SocketAddress::set_port(std::uint16_t port) {
  if (family() == AF_INET) address_.ipv4.sin_port = htons(port);
  if (family() == AF_INET6) address_.ipv6.sin6_port = htons(port);
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &address_.ipv4.sin_addr, text.data(), text.size());
    return text.data();
  }
  if (family() != AF_INET6) return {};
  const in6_addr& ipv6 = address_.ipv6.sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
    inet_ntop(AF_INET, ipv6.s6_addr + 12, text.data(), text.size());
    return text.data();
  }
  inet_ntop(AF_INET6, &ipv6, text.data(), text.size());
  const std::uint32_t scope = address_.ipv6.sin6_scope_id;
  return scope == 0 ? text.data() : text.data() + ("%" + std::to_string(scope));
}

std::string to_string(const SocketAddress& address) {
  return address.is_set() ? railgun::to_string(address.endpoint()) : "unknown";
}

}  // namespace railgun::net
