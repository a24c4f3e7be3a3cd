#include "railgund/net/dns_message.h"

#include <cstring>

#include <netinet/in.h>

namespace railgun::net {
namespace {

constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kIsAnswer = 0x8000;
constexpr std::uint16_t kInternet = 1;
constexpr unsigned kNoSuchName = 3;

// A name ends with an empty label or with a pointer to an earlier one, which need not be followed to pass over it.
bool skip_name(ByteReader& in) {
  while (in.ok()) {
    const std::uint8_t length = in.u8();
    if (length == 0) return in.ok();
    if ((length & 0xc0) == 0xc0) {
      in.u8();
      return in.ok();
    }
    if (length > kMaxLabel) return false;
    in.bytes(length);
  }
  return false;
}

std::unexpected<Error> malformed() { return fail(Errc::kMalformed, "malformed answer of a name server"); }

SocketAddress address_of(DnsType type, ByteView data) {
  SocketAddress address = type == DnsType::kIpv4 ? SocketAddress::any_ipv4(0) : SocketAddress::any_ipv6(0);
  sockaddr_storage storage{};
  std::memcpy(&storage, address.get(), address.length());
  if (type == DnsType::kIpv4) {
    std::memcpy(&reinterpret_cast<sockaddr_in*>(&storage)->sin_addr, data.data(), data.size());
  } else {
    std::memcpy(&reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr, data.data(), data.size());
  }
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage), address.length()).value_or(address);
}

}  // namespace

Result<void> encode_dns_question(std::uint16_t id, std::string_view name, DnsType type, Bytes& to) {
  if (name.ends_with('.')) name.remove_suffix(1);
  const auto invalid = [&] { return fail(Errc::kInvalid, "not a host name: " + std::string(name)); };
  if (name.empty() || name.size() > kMaxName) return invalid();
  Bytes labels;
  ByteWriter label_out(labels);
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty() || label.size() > kMaxLabel) return invalid();
    label_out.u8(static_cast<std::uint8_t>(label.size()));
    label_out.bytes(as_bytes(label));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  ByteWriter out(to);
  out.u16(id);
  out.u16(kRecursionDesired);
  out.u16(1);  // questions
  for (int i = 0; i < 3; ++i) out.u16(0);
  out.bytes(labels);
  out.u8(0);
  out.u16(static_cast<std::uint16_t>(type));
  out.u16(kInternet);
  return {};
}

Result<DnsAnswer> decode_dns_answer(ByteView message) {
  ByteReader in(message);
  DnsAnswer answer;
  answer.id = in.u16();
  const std::uint16_t flags = in.u16();
  const std::uint16_t questions = in.u16();
  const std::uint16_t answers = in.u16();
  in.u16();
  in.u16();
  if (!in.ok() || (flags & kIsAnswer) == 0) return malformed();
  const unsigned code = flags & 0xf;
  if (code == kNoSuchName) return fail(Errc::kNotFound, "no such name");
  if (code != 0) return fail(Errc::kUnavailable, "the name server answers with error " + std::to_string(code));
  for (unsigned i = 0; i < questions; ++i) {
    if (!skip_name(in)) return malformed();
    in.bytes(4);
  }
  for (unsigned i = 0; i < answers; ++i) {
    if (!skip_name(in)) return malformed();
    const DnsType type{in.u16()};
    const std::uint16_t class_of = in.u16();
    in.bytes(4);  // how long it may be kept
    const ByteView data = in.bytes(in.u16());
    if (!in.ok()) return malformed();
    const bool is_address = class_of == kInternet && ((type == DnsType::kIpv4 && data.size() == 4) ||
                                                      (type == DnsType::kIpv6 && data.size() == 16));
    if (is_address && answer.addresses.size() < kMaxDnsAddresses) answer.addresses.push_back(address_of(type, data));
  }
  if (!in.ok()) return malformed();
  return answer;
}

}  // namespace railgun::net
