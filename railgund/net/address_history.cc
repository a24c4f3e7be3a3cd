#include "railgund/net/address_history.h"

#include <algorithm>

namespace railgun::net {
namespace {

// Appends `addresses`: the first one's family first, then the families in turn, each in its order.
void append_in_turn(const std::vector<SocketAddress>& addresses, std::vector<SocketAddress>& to) {
  std::vector<SocketAddress> first, second;
  for (const SocketAddress& address : addresses) {
    (address.family() == addresses.front().family() ? first : second).push_back(address);
  }
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) to.push_back(first[i]);
    if (i < second.size()) to.push_back(second[i]);
  }
}

}  // namespace

void AddressHistory::failed(const SocketAddress& address, Instant now) {
  if (failed_until_.size() >= kMostAddresses) {
    std::erase_if(failed_until_, [now](const auto& each) { return each.second <= now; });
  }
  if (failed_until_.size() >= kMostAddresses) failed_until_.erase(failed_until_.begin());
  failed_until_[to_string(address)] = now + kMemory;
}

void AddressHistory::succeeded(const SocketAddress& address) { failed_until_.erase(to_string(address)); }

std::vector<SocketAddress> AddressHistory::in_order(const std::vector<SocketAddress>& addresses, Instant now) const {
  std::vector<SocketAddress> good, bad, all;
  for (const SocketAddress& address : addresses) {
    const auto found = failed_until_.find(to_string(address));
    (found != failed_until_.end() && found->second > now ? bad : good).push_back(address);
  }
  append_in_turn(good, all);
  append_in_turn(bad, all);
  return all;
}

}  // namespace railgun::net
