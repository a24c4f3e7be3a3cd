// What is wrong, in plain words, and what to do: from what the daemon knows about itself. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgund/base/time.h"
#include "railgund/control/status.h"

namespace railgun::statistics {

// What a Status does not hold.
struct ProblemFacts {
  bool has_certificate = true;  // or needs none
  std::optional<WallTime> certificate_until{};
  WallTime now{};
  std::vector<std::string> trust_warnings{};  // of certificates and keys, a line each
  std::uint64_t origin_failures = 0, origin_requests = 0;
  std::uint64_t origin_refused = 0;
  std::uint64_t forwarding_ignored = 0;
  std::uint64_t handshakes_open = 0, handshakes_limit = 0;
  std::uint64_t descriptors_refused = 0;  // since the start
  std::uint64_t file_limit = 0, clients_limit = 0, clients_rejected = 0;
  std::string post_failure{};          // of stats.url
  std::string overload{};              // what a shortage of memory has stopped; empty: nothing
  bool slow_start_after_idle = false;  // net.ipv4.tcp_slow_start_after_idle
};

std::vector<control::Problem> find_problems(const control::Status& status, const ProblemFacts& facts);

}  // namespace railgun::statistics
