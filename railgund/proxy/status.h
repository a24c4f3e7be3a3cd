// What a core tells about itself when asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/time.h"

namespace railgun::proxy {

struct LinkStatus {
  std::string peer;
  bool dialed = false;  // by us
  bool up = false;      // greeted
  bool going_away = false;
  Duration age{};
  std::optional<Duration> round_trip;
  std::size_t streams = 0;
  std::uint64_t bytes_sent = 0, bytes_received = 0;
  std::vector<std::string> hosts;
};

}  // namespace railgun::proxy
