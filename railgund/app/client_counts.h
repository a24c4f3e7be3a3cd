// How many client connections are open, in all and from each network: a place of an IPv4 address or an IPv6 /64. Any
// thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "railgund/base/mutex.h"
#include "railgund/net/socket_address.h"

namespace railgun::app {

class ClientCounts {
 public:
  // One open connection, until it is destroyed. The counts outlive it.
  class Place {
   public:
    Place(ClientCounts& counts, std::string network) : counts_(&counts), network_(std::move(network)) {}
    Place(Place&& other) noexcept
        : counts_(std::exchange(other.counts_, nullptr)), network_(std::move(other.network_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (counts_ != nullptr) counts_->leave(network_);
    }

   private:
    ClientCounts* counts_;  // null: moved from
    std::string network_;
  };

  Place enter(const net::SocketAddress& peer);
  std::size_t total() const;
  std::size_t of_network(const net::SocketAddress& peer) const;

 private:
  void leave(const std::string& network);

  mutable Mutex mutex_;
  std::size_t total_ RAILGUN_GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_network_ RAILGUN_GUARDED_BY(mutex_);  // bounded by total_
};

// Connections from this machine itself, as from a web server in front.
bool is_loopback(const net::SocketAddress& peer);

}  // namespace railgun::app
