// Questions and answers of the domain name system (RFC 1035, 4) as far as addresses of hosts go. A codec.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/net/socket_address.h"

namespace railgun::net {

enum class DnsType : std::uint16_t { kIpv4 = 1, kIpv6 = 28 };

// More addresses in one answer are left out.
inline constexpr std::size_t kMaxDnsAddresses = 64;

// Appends the question for that type of address, without a length in front.
// Errors: kInvalid if `name` is no host name (RFC 1035 2.3.4: labels of 1 to 63 bytes, 253 in all).
Result<void> encode_dns_question(std::uint16_t id, std::string_view name, DnsType type, Bytes& to);

struct DnsAnswer {
  std::uint16_t id = 0;
  std::vector<SocketAddress> addresses;  // without ports; of whatever name the aliases lead to
};
// Errors: kMalformed; kNotFound (there is no such name); kUnavailable (the server refuses, or has failed).
Result<DnsAnswer> decode_dns_answer(ByteView message);

}  // namespace railgun::net
