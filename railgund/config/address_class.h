// Which addresses belong to the inside of a network, and which hosts are addresses: what a visitor's Host must not
// choose (doc/SECURITY.md, "Inward").
#pragma once

#include <string_view>

namespace railgun::config {

// Whether an address may be dialled on a visitor's word: not the machine itself, no private, shared, link-local,
// multicast, reserved or unspecified network (RFC 6890), and no IPv6 form of such an IPv4 address (mapped, compatible,
// 6to4, NAT64). An IPv6 zone ("%eth0") is ignored. False for what is no address.
bool is_public_address(std::string_view address);

// How a host without its port stands for an address.
enum class HostForm {
  kName,
  kAddress,        // "192.0.2.1" or "2001:db8::1"
  kOtherSpelling,  // any other form that C libraries read as an IPv4 address: "2130706433", "0x7f.1", "127.1", "017.0.0.1"
};
// A host whose last label is a number counts as an address, as browsers have it (WHATWG URL, "ends in a number").
HostForm form_of_host(std::string_view host);

}  // namespace railgun::config
