// Looks at a peer's port: name, TCP, TLS without a certificate, and a link with this machine's own if it has one.
#pragma once

#include <optional>
#include <string>

#include "railgunctl/probe/probe.h"
#include "railgund/config/config.h"
#include "railgund/tls/context.h"

namespace railgun::ctl {

// This machine's end of links, as its settings have it.
struct OwnIdentity {
  tls::ContextPtr context{};     // null: there is none, or it cannot be used
  std::string name{};            // "the sender sender.example.com"
  std::optional<Error> error{};  // why it cannot be used
  std::optional<tls::CertificateFacts> certificate{}, authority{};
};
OwnIdentity own_identity(const config::Config& config);

// Each step ends at `deadline` at the latest.
ProbeFacts probe(const Endpoint& target, const OwnIdentity& identity, Instant deadline);

}  // namespace railgun::ctl
