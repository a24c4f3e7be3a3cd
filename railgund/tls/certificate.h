// What a certificate says, for people and for decisions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::tls {

struct CertificateFacts {
  std::string common_name{};              // of the subject, empty if it has none
  std::vector<std::string> dns_names{};   // and addresses, as text
  std::string issuer{};                   // its common name
  std::string serial{};                   // hex digits
  std::string key_type{};                 // "RSA", "EC", "ED25519", … (OpenSSL's name)
  std::string fingerprint{};              // SHA-256 of the whole, 64 hex digits
  std::string key_id{}, issuer_key_id{};  // the key's name and its issuer's (RFC 5280 4.2.1.1), hex; empty if not in it
  WallTime not_before{}, not_after{};
};

// What activation writes into the certificates of a pair, so that its two kinds cannot be mistaken for each other: its
// authority issues certificates with this name to the sender alone, and listeners' have the names of their hosts.
inline constexpr std::string_view kAuthorityName = "railgun authority";
inline constexpr std::string_view kSenderName = "sender.railgun";

enum class LinkRole : std::uint8_t { kSender, kListener };
// Whether the owner of the certificate may be that end of a link. A certificate with kSenderName is a sender's. Others
// that kAuthorityName issued are listeners'. What another authority issued, without that name, is good for both ends.
bool may_be(LinkRole role, const CertificateFacts& certificate);
// The hosts that a link of the certificate's owner is for, in lower case; empty: all.
std::vector<std::string> hosts_of(const CertificateFacts& certificate);

// Of the first certificate in the text. Errors: kInvalid.
Result<CertificateFacts> certificate_facts(std::string_view pem);

}  // namespace railgun::tls
