// Addresses that names had when they were looked up last. Pure: time is an argument.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

class NameCache {
 public:
  struct Entry {
    std::vector<SocketAddress> addresses;
    Instant looked_up;
  };

  // Over `limit` names, the one that was looked up longest ago goes.
  explicit NameCache(std::size_t limit) : limit_(limit) {}

  void keep(const std::string& name, std::vector<SocketAddress> addresses, Instant now) {
    entries_[name] = {std::move(addresses), now};
    if (entries_.size() <= limit_) return;
    auto oldest = entries_.begin();
    for (auto each = entries_.begin(); each != entries_.end(); ++each) {
      if (each->second.looked_up < oldest->second.looked_up) oldest = each;
    }
    entries_.erase(oldest);
  }
  // Null if there is none that is younger than `age`. Valid until the cache changes.
  const Entry* find(const std::string& name, Duration age, Instant now) const {
    const auto found = entries_.find(name);
    return found == entries_.end() || now - found->second.looked_up >= age ? nullptr : &found->second;
  }
  void forget(const std::string& name) { entries_.erase(name); }
  void clear() { entries_.clear(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::size_t limit_;
  std::map<std::string, Entry> entries_;
};

}  // namespace railgun::net
