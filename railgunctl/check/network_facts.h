// Looks at what the daemon needs around it, for `check`. Each call takes until `deadline` at the most, whatever the
// number of hosts: they are looked at side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgunctl/check/check_network.h"
#include "railgunctl/probe/prober.h"
#include "railgund/config/config.h"

namespace railgun::ctl {

inline constexpr std::size_t kMaxLookedAt = 32;  // of each kind

OwnPortFacts own_port_facts(const config::Config& config, bool daemon_runs, Instant deadline);
std::vector<LocalPortFacts> local_port_facts(const config::Config& config, Instant deadline);

std::vector<ProbeFacts> peer_facts(const std::vector<Endpoint>& peers, const OwnIdentity& identity, Instant deadline);

// `names`: hosts that may be asked for besides those of the map file: of the certificate, of the command line.
// `daemon_pid`: of the running daemon, or 0: Unix sockets are tried with its rights as well.
std::vector<OriginFacts> origin_facts(const config::Config& config, const std::vector<std::string>& names,
                                      long daemon_pid, Instant deadline);

std::vector<MemcachedFacts> memcached_facts(const config::Config& config, Instant deadline);

}  // namespace railgun::ctl
