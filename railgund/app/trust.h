// TLS identity and trust anchors: the contexts made from the settings and the state directory.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/config/state_files.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/context.h"

namespace railgun::app {

// A certificate for visitors, for people.
struct VisitorCertificate {
  std::string file;
  tls::CertificateFacts facts;
};

struct Trust {
  tls::ContextPtr link;                          // null until there is a certificate, or with wan.tls = 0
  tls::ContextPtr visitors;                      // null without listen.tls, and while there is no certificate for it
  tls::ContextPtr origin;                        // null on a system without a bundle of authorities
  std::vector<std::string> hosts;                // that our own certificate is for; empty: none by name
  std::vector<VisitorCertificate> certificates;  // that visitors are shown
  std::vector<std::string> warnings;
  std::set<std::string> revoked;  // serial numbers of peers' certificates, hex as in tls::CertificateFacts
};
using TrustPtr = std::shared_ptr<const Trust>;

using config::kAuthorityFile;
using config::kCertificateFile;
using config::kKeyFile;
using config::state_file;

// `ticket_secret`: for session tickets without tls.ticket_file; empty: none then. Errors: what is wrong with which file.
Result<TrustPtr> load_trust(const config::Config& config, const Bytes& ticket_secret = {});

}  // namespace railgun::app
