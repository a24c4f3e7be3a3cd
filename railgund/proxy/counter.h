// A number that one thread counts and any reads (relaxed): good enough for sums over workers.
#pragma once

#include <atomic>
#include <cstdint>

namespace railgun::proxy {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count = 1) { value_.fetch_sub(count, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace railgun::proxy
