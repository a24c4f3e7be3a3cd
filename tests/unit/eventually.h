// For what other threads or processes do in their own time.
#pragma once

#include <chrono>
#include <thread>

namespace railgun::test {

// After this, what must happen counts as hanging.
inline constexpr std::chrono::minutes kTimeout{1};

// Tries again until it is so. False: not within kTimeout.
template <typename Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kTimeout;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace railgun::test
