// What a core tells about itself when asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

struct LinkStatus {
  ConnectionId id{};
  std::string peer;
  bool dialed = false;  // by us
  bool up = false;      // greeted
  bool going_away = false;
  Duration age{};
  std::optional<Duration> round_trip;
  std::size_t streams = 0;
  std::uint64_t bytes_sent = 0, bytes_received = 0;
  std::vector<std::string> hosts;
  std::string tls_group;  // of the key exchange; set by the shell, empty without TLS
};

}  // namespace railgun::proxy
