// What a certificate says, for people and for decisions.
#pragma once

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
  std::string fingerprint{};              // SHA-256 of the whole, 64 hex digits
  std::string key_id{}, issuer_key_id{};  // the key's name and its issuer's (RFC 5280 4.2.1.1), hex; empty if not in it
  WallTime not_before{}, not_after{};
};

// Of the first certificate in the text. Errors: kInvalid.
Result<CertificateFacts> certificate_facts(std::string_view pem);

}  // namespace railgun::tls
