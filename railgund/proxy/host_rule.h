// What a request's host may choose: never a port or an address that neither the settings nor the map names (RFC 9110
// 7.4). Judged at the sender and again at the listener, which does not rely on the sender for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "railgund/base/result.h"
#include "railgund/config/config.h"

namespace railgun::proxy {

// The port that `host` names, if it names one.
std::optional<std::uint16_t> port_of_host(std::string_view host);

// At the sender, before anything is asked. `site`: that serves the host. Errors: kInvalid, with the cure for the log:
// - a port other than 80, 443, those of `listen` and `listen.tls`, host.ports and the map;
// - a host that only a wildcard or default site serves and that spells an IPv4 address in another than the usual form,
//   or is an address that no visitor can mean (link-local, multicast, unspecified).
Result<void> judge_host(const config::Config& config, const config::Site& site, std::string_view host);

// At the listener. `origin`: what the map has for the host. Errors: kInvalid, with the cure for the log:
// - the map leaves the port to the request, which names one other than 80 and 443;
// - the map has no line for the host, which is an address, or empty.
// A name that is left to DNS may still lead inside: Dial::public_only.
Result<void> judge_host(const config::MappedOrigin& origin, std::string_view host);

}  // namespace railgun::proxy
