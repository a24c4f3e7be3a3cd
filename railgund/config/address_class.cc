#include "railgund/config/address_class.h"

#include <algorithm>
#include <array>
#include <string>

#include "railgund/config/value.h"

namespace railgun::config {
namespace {

// IPv4 networks stand for their forms in IPv6 too: "::ffff:" here, the others below.
constexpr std::array<std::string_view, 12> kInnerIpv4 = {
    "0.0.0.0/8",       // this network
    "10.0.0.0/8",      // private
    "100.64.0.0/10",   // shared (carriers' NAT)
    "127.0.0.0/8",     // loopback
    "169.254.0.0/16",  // link-local; cloud metadata
    "172.16.0.0/12",   // private
    "192.0.0.0/24",    // protocol assignments
    "192.88.99.0/24",  // 6to4 relays
    "192.168.0.0/16",  // private
    "198.18.0.0/15",   // measurements of networks
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, and the limited broadcast
};
constexpr std::array<std::string_view, 11> kInnerIpv6 = {
    "::/96",            // unspecified, loopback, IPv4-compatible
    "64:ff9b:1::/48",   // NAT64 for local use
    "100::/64",         // discard
    "2001::/23",        // protocol assignments, Teredo
    "2002::/16",        // 6to4: holds any IPv4 address
    "64:ff9b::/96",     // NAT64: holds any IPv4 address
    "fc00::/7",         // unique local
    "fe80::/10",        // link-local
    "fec0::/10",        // site-local
    "ff00::/8",         // multicast
    "::ffff:0:0:0/96",  // IPv4-translated (RFC 2765)
};

bool is_number(std::string_view label) {
  const auto all = [&](std::string_view text, auto is_digit) {
    return std::all_of(text.begin(), text.end(), is_digit);
  };
  if (label.starts_with("0x") || label.starts_with("0X")) {
    return all(label.substr(2),
               [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
  }
  return !label.empty() && all(label, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_public_address(std::string_view address) {
  address = address.substr(0, address.find('%'));
  if (!is_address(address)) return false;
  const auto holds = [&](std::string_view network) { return is_in_network(address, network); };
  return std::none_of(kInnerIpv4.begin(), kInnerIpv4.end(), holds) &&
         std::none_of(kInnerIpv6.begin(), kInnerIpv6.end(), holds);
}

HostForm form_of_host(std::string_view host) {
  if (is_address(host)) return HostForm::kAddress;
  if (host.find(':') != std::string_view::npos) return HostForm::kOtherSpelling;
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::size_t dot = host.rfind('.');
  return is_number(dot == std::string_view::npos ? host : host.substr(dot + 1)) ? HostForm::kOtherSpelling
                                                                                : HostForm::kName;
}

}  // namespace railgun::config
