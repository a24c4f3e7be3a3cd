// Limits the connections whose peers have not shown who they are: in all, and from one address. A new connection is
// always taken, and the oldest ones are closed for it, so that idle connections keep nobody out. Those of an address
// that has used its share are the first to go, so that one address does not push out the others. A core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace railgun::net {

class Newcomers {
 public:
  struct Limits {
    std::size_t in_all = 1;  // at least 1
    std::size_t of_one = 1;  // at least 1
  };
  // How many of `in_all` one address may have: half, because several peers may share the address of a NAT gateway, and
  // one peer opens several links at once.
  static Limits limits(std::size_t in_all);

  explicit Newcomers(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits) { limits_ = limits; }

  // Adds a connection; `id` is new. The ids that had to leave for it, which the caller closes.
  std::vector<std::uint64_t> add(std::uint64_t id, std::string address);
  // It is known now, or gone. Unknown ids are ignored.
  void remove(std::uint64_t id);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::uint64_t id;
    std::string address;
  };
  Limits limits_;
  std::vector<Waiting> waiting_;  // the oldest first
};

}  // namespace railgun::net
