// A number that one thread changes and any thread reads (relaxed). As only one thread writes, adding is a load and a
// store, without a locked instruction.
#pragma once

#include <atomic>
#include <cstdint>

namespace railgun::proxy {

class Counter {
 public:
  void add(std::uint64_t count = 1) { set(get() + count); }
  void subtract(std::uint64_t count = 1) { set(get() - count); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  // For those who can read it only where it lies.
  const std::atomic<std::uint64_t>& atomic() const { return value_; }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace railgun::proxy
