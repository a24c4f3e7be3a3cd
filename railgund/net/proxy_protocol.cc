#include "railgund/net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>

#include "railgund/base/text.h"

namespace railgun::net {
namespace {

constexpr std::string_view kSignature2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kSignature1 = "PROXY ";
constexpr std::size_t kMaxBytes1 = 107;
constexpr std::size_t kFixedBytes2 = 16;

using Decoded = Result<std::optional<ProxyHeader>>;

std::unexpected<Error> malformed(const std::string& what) { return fail(Errc::kMalformed, "PROXY protocol: " + what); }

// 1 to 65535 in digits alone; 0 is allowed by the protocol.
std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", or "PROXY UNKNOWN" and anything.
Decoded decode_1(std::string_view text) {
  const std::size_t end = text.substr(0, kMaxBytes1).find("\r\n");
  if (end == std::string_view::npos) {
    if (text.size() >= kMaxBytes1) return malformed("the line has no end");
    return std::optional<ProxyHeader>{};
  }
  ProxyHeader header{.bytes = end + 2};
  const std::vector<std::string_view> words = split(text.substr(0, end), " ");
  if (words.size() >= 2 && words[1] == "UNKNOWN") return std::optional(header);
  const bool is_ipv4 = words.size() == 6 && words[1] == "TCP4";
  if (words.size() != 6 || (!is_ipv4 && words[1] != "TCP6")) return malformed("the line is not of version 1");
  const auto port = port_of(words[4]);
  if (!port || !port_of(words[5])) return malformed("a port is not a number");
  const auto source = SocketAddress::parse(std::string(words[2]), *port);
  if (!source || source->family() != (is_ipv4 ? AF_INET : AF_INET6) || words[2].find('%') != std::string_view::npos)
    return malformed("the source is not an address of its family");
  header.source = *source;
  return std::optional(header);
}

// Addresses are in network order: both addresses, then both ports.
SocketAddress source_of(ByteView addresses, int family) {
  if (family == AF_INET) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, addresses.data(), 4);
    std::memcpy(&address.sin_port, addresses.data() + 8, 2);
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&address), sizeof address).value_or(SocketAddress());
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  std::memcpy(&address.sin6_addr, addresses.data(), 16);
  std::memcpy(&address.sin6_port, addresses.data() + 32, 2);
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&address), sizeof address).value_or(SocketAddress());
}

Decoded decode_2(ByteView bytes) {
  if (bytes.size() < kFixedBytes2) return std::optional<ProxyHeader>{};
  const std::uint8_t version_and_command = bytes[12], family_and_protocol = bytes[13];
  const std::size_t rest = static_cast<std::size_t>(bytes[14]) << 8 | bytes[15];
  if (version_and_command >> 4 != 2) return malformed("the version is not 2");
  const int command = version_and_command & 0x0f;
  if (command > 1) return malformed("the command is not known");
  if (kFixedBytes2 + rest > kMaxProxyHeaderBytes)
    return fail(Errc::kTooLarge, "PROXY protocol: the header is longer than 4096 bytes");
  if (bytes.size() < kFixedBytes2 + rest) return std::optional<ProxyHeader>{};
  ProxyHeader header{.bytes = kFixedBytes2 + rest};
  const int family = family_and_protocol >> 4;
  if (command == 0 || (family != 1 && family != 2)) return std::optional(header);
  const std::size_t needed = family == 1 ? 12 : 36;
  if (rest < needed) return malformed("the addresses are cut short");
  header.source = source_of(bytes.subspan(kFixedBytes2), family == 1 ? AF_INET : AF_INET6);
  return std::optional(header);
}

// Whether the text may become, or is, what begins with the signature.
bool agrees(std::string_view text, std::string_view signature) {
  const std::size_t common = std::min(text.size(), signature.size());
  return text.substr(0, common) == signature.substr(0, common);
}

}  // namespace

Result<std::optional<ProxyHeader>> decode_proxy_header(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  if (agrees(text, kSignature1)) {
    if (text.size() < kSignature1.size()) return std::optional<ProxyHeader>{};
    return decode_1(text);
  }
  if (agrees(text, kSignature2)) {
    if (text.size() < kSignature2.size()) return std::optional<ProxyHeader>{};
    return decode_2(bytes);
  }
  return malformed("the connection does not begin with its header");
}

}  // namespace railgun::net
