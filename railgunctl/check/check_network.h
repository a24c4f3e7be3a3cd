// What `check` makes of what the daemon needs around it: its own port, listeners, origins, memcached. Pure: facts in,
// findings out; railgunctl/check/network_facts.h gathers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "railgunctl/check/finding.h"
#include "railgunctl/probe/fetch.h"
#include "railgunctl/probe/probe.h"
#include "railgund/config/origin_map.h"

namespace railgun::ctl {

// The port that links come in on, as seen from this machine.
struct OwnPortFacts {
  std::uint16_t port = 0;
  bool daemon_runs = false;
  std::vector<ProbeFacts> addresses{};  // this machine's own that are not loopback, or the one of wan.ip
  std::optional<ProbeFacts> outside{};  // under the name that the sender was told
};
Findings judge_own_port(const OwnPortFacts& facts, WallTime now);

// The other ends that this one dials, each probed with its certificate. `name`: "listener" or "sender".
Findings judge_peers(const std::string& name, const std::vector<ProbeFacts>& peers, WallTime now);

// Other addresses that the daemon listens on.
struct LocalPortFacts {
  std::string name{};  // "clients", "activation"
  Endpoint endpoint{};
  Reach reach = Reach::kUnreachable;
  std::string reason{};
};
Findings judge_local_ports(const std::vector<LocalPortFacts>& ports, bool daemon_runs);

struct OriginFacts {
  std::string host{};  // as visitors ask for it
  config::OriginTarget target{};
  bool from_map = false;
  bool is_fallback = false;             // of a sender: used where no link is up
  Fetched answer{};                     // to HEAD /
  std::optional<Error> daemon_error{};  // of a Unix socket that answers: why the running daemon cannot connect to it
};
Findings judge_origins(const std::vector<OriginFacts>& origins);

// Whether a listener is beside its origin. `link`: the round trip to the sender.
Findings judge_place(const std::vector<OriginFacts>& origins, std::optional<Duration> link);

struct MemcachedFacts {
  std::string server{};
  std::optional<Error> error{};
  std::string version{};
  std::optional<std::uint64_t> memory_bytes{}, item_bytes{};  // its limits
  std::uint64_t evictions = 0, hits = 0, misses = 0, used_bytes = 0;
  std::uint64_t wanted_item_bytes = 0;  // memcached.limit
};
Findings judge_memcached(const std::vector<MemcachedFacts>& servers);

}  // namespace railgun::ctl
