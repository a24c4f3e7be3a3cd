// The connections of one kind that have not completed TLS: net::Newcomers with the connections themselves.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "railgund/net/newcomers.h"
#include "railgund/proxy/counter.h"

namespace railgun::app {

template <typename Connection>
class NewcomerList {
 public:
  // `open`: is counted up and down.
  NewcomerList(std::size_t most, proxy::Counter& open) : newcomers_(net::Newcomers::limits(most)), open_(open) {}

  // Says which have to leave for it; they are off the list.
  std::vector<Connection*> add(Connection& connection, const std::string& address) {
    const std::uint64_t number = ++last_;
    numbers_[&connection] = number;
    connections_[number] = &connection;
    open_.add();
    std::vector<Connection*> leaving;
    for (const std::uint64_t oldest : newcomers_.add(number, address)) {
      leaving.push_back(connections_.at(oldest));
      remove(*leaving.back());
    }
    return leaving;
  }
  // One that is not on the list is ignored.
  void remove(const Connection& connection) {
    const auto found = numbers_.find(&connection);
    if (found == numbers_.end()) return;
    newcomers_.remove(found->second);
    connections_.erase(found->second);
    numbers_.erase(found);
    open_.subtract();
  }

 private:
  net::Newcomers newcomers_;
  std::unordered_map<const Connection*, std::uint64_t> numbers_;
  std::unordered_map<std::uint64_t, Connection*> connections_;
  std::uint64_t last_ = 0;
  proxy::Counter& open_;
};

}  // namespace railgun::app
