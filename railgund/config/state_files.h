// Where a daemon's own files are: what activation leaves in the state directory stands in for settings that name none.
#pragma once

#include <string>

#include "railgund/config/config.h"

namespace railgun::config {

// Where the packages put the settings.
inline constexpr const char* kPackagedConfigFile = "/etc/railgun/railgun.conf";

inline constexpr const char* kCertificateFile = "certificate.pem";
inline constexpr const char* kKeyFile = "key.pem";
inline constexpr const char* kAuthorityFile = "authority.pem";

std::string state_file(const Config& config, const char* name);

// Who this end of a link says it is, and whom it trusts. Paths may be empty, and the files not be there.
struct IdentityFiles {
  std::string certificate, key, authority;
  bool are_set = false;  // by settings: then they must be there
};
IdentityFiles identity_files(const Config& config);

}  // namespace railgun::config
