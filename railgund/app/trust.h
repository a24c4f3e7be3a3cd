// Whom this daemon trusts and who it says it is: the TLS contexts made from the settings and the state directory.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/config/config.h"
#include "railgund/tls/context.h"

namespace railgun::app {

struct Trust {
  tls::ContextPtr link;    // null until there is a certificate, or with wan.tls = 0
  tls::ContextPtr origin;  // null on a system without a bundle of authorities
  std::vector<std::string> warnings;
  std::set<std::string>
      refused;  // serial numbers of peers' certificates that are out (hex, as CertificateFacts has them)
};
using TrustPtr = std::shared_ptr<const Trust>;

// Files that activation leaves in the state directory, used where the settings name none.
std::string state_file(const config::Config& config, const char* name);
inline constexpr const char* kCertificateFile = "certificate.pem";
inline constexpr const char* kKeyFile = "key.pem";
inline constexpr const char* kAuthorityFile = "authority.pem";

// Errors: what is wrong with which file.
Result<TrustPtr> load_trust(const config::Config& config);

}  // namespace railgun::app
