// Whether the other end may have a link, by the certificate that it showed in the handshake. Pure.
// In all three `link` is the link's TLS; null, or without a certificate: a link in clear, which anybody may have.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "railgund/tls/certificate.h"
#include "railgund/tls/context.h"
#include "railgund/tls/engine.h"

namespace railgun::tls {

// The hosts that the link is for; empty: all.
std::vector<std::string> hosts_of_peer(const Engine* link);

// `revoked`: serial numbers, hex as in CertificateFacts.
bool is_peer_revoked(const Engine* link, const std::set<std::string>& revoked);

// Why the peer must not have the link, for the log; empty: it may. `expected`: what the other end has to be.
// `authorities`: who is trusted now, which may have changed since the handshake; null: whom the handshake trusted.
std::string reason_against_peer(const Engine* link, LinkRole expected, const Context* authorities);

}  // namespace railgun::tls
