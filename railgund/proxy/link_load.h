// How much a link carries lately. Where a listener has several links and one of them carries a large answer, what is asked
// for next takes another: on a line that loses packets a small answer would wait for the large one's to be sent again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "railgund/base/time.h"

namespace railgun::proxy {

class LinkLoad {
 public:
  // Either way.
  void add(std::size_t bytes, Instant now) {
    level_ = std::min(level_at(now) + bytes, kMost);
    at_ = now;
  }
  // It carries a large answer or upload, or did so until a moment ago.
  bool is_heavy(Instant now) const { return level_at(now) > kHeavy; }

 private:
  // More than a round trip of small answers takes, and less than the first second of a large one on a poor line.
  static constexpr std::uint64_t kHeavy = 64 * 1024;
  // Leaves in a second; a link that carries less for long is never heavy.
  static constexpr std::uint64_t kLeaves = 32 * 1024;
  // So that two seconds after the last bytes it is heavy no longer.
  static constexpr std::uint64_t kMost = kHeavy + 2 * kLeaves;

  std::uint64_t level_at(Instant now) const {
    const Duration passed = std::clamp(now - at_, Duration::zero(), Duration(std::chrono::seconds(4)));
    const auto gone = static_cast<std::uint64_t>(passed / std::chrono::milliseconds(1)) * kLeaves / 1000;
    return level_ - std::min(level_, gone);
  }

  std::uint64_t level_ = 0;
  Instant at_{};
};

}  // namespace railgun::proxy
