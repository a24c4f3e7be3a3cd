#include "railgund/config/state_files.h"

namespace railgun::config {

std::string state_file(const Config& config, const char* name) { return config.state_directory + "/" + name; }

IdentityFiles identity_files(const Config& config) {
  const auto file = [&](const std::string& setting, const char* name) {
    return !setting.empty() || config.state_directory.empty() ? setting : state_file(config, name);
  };
  return {.certificate = file(config.cert_file, kCertificateFile),
          .key = file(config.key_file, kKeyFile),
          .authority = file(config.link_ca_file, kAuthorityFile),
          .are_set = !config.cert_file.empty() || !config.key_file.empty() || !config.link_ca_file.empty()};
}

}  // namespace railgun::config
