// A number that one thread counts and any reads (relaxed): good enough for sums over workers.
#pragma once

#include <atomic>
#include <cstdint>

namespace railgun::proxy {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count = 1) { value_.fetch_sub(count, std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  // For those who can read it only where it lies.
  const std::atomic<std::uint64_t>& atomic() const { return value_; }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace railgun::proxy
