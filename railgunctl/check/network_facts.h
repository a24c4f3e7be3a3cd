// Looks at what the daemon needs around it, for `check`. Each call takes until `give_up` at the most, whatever the
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

OwnPortFacts own_port_facts(const config::Config& config, bool daemon_runs, Instant give_up);
std::vector<LocalPortFacts> local_port_facts(const config::Config& config, Instant give_up);

std::vector<ProbeFacts> peer_facts(const std::vector<Endpoint>& peers, const OwnIdentity& identity, Instant give_up);

// `names`: hosts that may be asked for besides those of the map file: of the certificate, of the command line.
std::vector<OriginFacts> origin_facts(const config::Config& config, const std::vector<std::string>& names,
                                      Instant give_up);

std::vector<MemcachedFacts> memcached_facts(const config::Config& config, Instant give_up);

}  // namespace railgun::ctl
