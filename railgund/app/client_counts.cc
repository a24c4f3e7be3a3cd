#include "railgund/app/client_counts.h"

#include <cstring>

namespace railgun::app {
namespace {

const sockaddr_in& ipv4_of(const net::SocketAddress& peer) { return *reinterpret_cast<const sockaddr_in*>(peer.get()); }
const sockaddr_in6& ipv6_of(const net::SocketAddress& peer) {
  return *reinterpret_cast<const sockaddr_in6*>(peer.get());
}

// The bytes of the network: 4 of IPv4, also inside IPv6, or 8 of IPv6.
std::string network_of(const net::SocketAddress& peer) {
  std::string network;
  if (peer.family() == AF_INET) {
    network.resize(sizeof(in_addr));
    std::memcpy(network.data(), &ipv4_of(peer).sin_addr, network.size());
  } else if (peer.family() == AF_INET6) {
    const in6_addr& address = ipv6_of(peer).sin6_addr;
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&address);
    network.resize(is_mapped ? sizeof(in_addr) : sizeof(in6_addr) / 2);
    std::memcpy(network.data(), address.s6_addr + (is_mapped ? sizeof(in6_addr) - sizeof(in_addr) : 0), network.size());
  }
  return network;
}

}  // namespace

ClientCounts::Place ClientCounts::enter(const net::SocketAddress& peer) {
  std::string network = network_of(peer);
  const MutexLock lock(mutex_);
  ++total_;
  ++by_network_[network];
  return {*this, std::move(network)};
}

std::size_t ClientCounts::total() const {
  const MutexLock lock(mutex_);
  return total_;
}

std::size_t ClientCounts::of_network(const net::SocketAddress& peer) const {
  const MutexLock lock(mutex_);
  const auto found = by_network_.find(network_of(peer));
  return found == by_network_.end() ? 0 : found->second;
}

void ClientCounts::leave(const std::string& network) {
  const MutexLock lock(mutex_);
  --total_;
  const auto found = by_network_.find(network);
  if (--found->second == 0) by_network_.erase(found);
}

bool is_loopback(const net::SocketAddress& peer) {
  if (peer.family() == AF_INET) return ntohl(ipv4_of(peer).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  if (peer.family() != AF_INET6) return false;
  const in6_addr& address = ipv6_of(peer).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET);
}

}  // namespace railgun::app
