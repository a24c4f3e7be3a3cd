// An IPv4 or IPv6 address with a port, as the kernel takes it. Small: every connection keeps one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

#include "railgund/base/endpoint.h"

namespace railgun::net {

class SocketAddress {
 public:
  SocketAddress();  // is_set() is false

  // Null if `host` is a name, or anything else that is not an address. IPv6 without brackets, with "%scope" if need be.
  static std::optional<SocketAddress> parse(std::string_view host, std::uint16_t port);
  // Null for families other than IPv4 and IPv6.
  static std::optional<SocketAddress> from(const sockaddr* address, socklen_t length);
  static SocketAddress any_ipv4(std::uint16_t port);
  static SocketAddress any_ipv6(std::uint16_t port);

  bool is_set() const { return address_.any.sa_family != AF_UNSPEC; }
  int family() const { return address_.any.sa_family; }
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  // The address alone; an IPv4 address inside IPv6 ("::ffff:192.0.2.1") is printed as the IPv4 address it is.
  std::string host() const;
  Endpoint endpoint() const { return {host(), port()}; }

  const sockaddr* get() const { return &address_.any; }
  socklen_t length() const { return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }

 private:
  union {
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
  } address_;
};

// "192.0.2.1:80", "[2001:db8::1]:80"; "unknown" if not set.
std::string to_string(const SocketAddress& address);

}  // namespace railgun::net
