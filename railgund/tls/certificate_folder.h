// The certificates for visitors, as files in a folder (setting tls.directory). Two layouts, which may be mixed:
//   NAME.pem or NAME.crt with NAME.key; without NAME.key, the key must be in the same file
//   NAME/fullchain.pem with NAME/privkey.pem, as in certbot's folder live/
// Other files and folders are ignored.
#pragma once

#include <string>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/tls/certificate.h"

namespace railgun::tls {

struct VisitorCertificate {
  std::string file;          // that it was read from
  std::string certificates;  // PEM: its own, then the chain
  std::string key;           // PEM
  CertificateFacts facts;
};

struct CertificateFolder {
  // In alphabetical order of NAME, but one called "default" first.
  std::vector<VisitorCertificate> certificates;
  // What was left out and why, a line each: unreadable, not PEM, a key of another certificate or too weak; and keys that
  // everybody on this machine may read.
  std::vector<std::string> warnings;
};

// Errors: the folder cannot be read.
Result<CertificateFolder> load_certificate_folder(const std::string& path);

}  // namespace railgun::tls
