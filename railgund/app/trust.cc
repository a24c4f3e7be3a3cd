#include "railgund/app/trust.h"

#include <unistd.h>

namespace railgun::app {

std::string state_file(const config::Config& config, const char* name) { return config.state_directory + "/" + name; }

Result<TrustPtr> load_trust(const config::Config& config) {
  auto trust = std::make_shared<Trust>();
  const auto file = [&](const std::string& setting, const char* name) {
    return !setting.empty() || config.state_directory.empty() ? setting : state_file(config, name);
  };
  const std::string certificate = file(config.cert_file, kCertificateFile);
  const std::string key = file(config.key_file, kKeyFile);
  const std::string authority = file(config.link_ca_file, kAuthorityFile);
  const bool named = !config.cert_file.empty() || !config.key_file.empty() || !config.link_ca_file.empty();
  const bool present = !certificate.empty() && access(certificate.c_str(), F_OK) == 0;
  if (config.wan_tls && (named || present)) {
    const std::string settings = named ? "cert.file, key.file and link.ca_file: " : "";
    auto identity = tls::load_identity(certificate, key, authority);
    if (!identity) return fail(identity.error().code, settings + identity.error().text);
    auto context = tls::make_link_context(*identity);
    if (!context) return fail(context.error().code, settings + certificate + ": " + context.error().text);
    trust->link = std::move(*context);
    if (auto warning = tls::key_file_warning(key)) trust->warnings.push_back(std::move(*warning));
  }
  auto origin = tls::make_origin_context({.verify = config.validate_cert, .bundle_file = config.ca_bundle});
  if (origin) {
    trust->origin = std::move(*origin);
  } else if (!config.ca_bundle.empty()) {
    return std::unexpected(origin.error());
  } else {
    trust->warnings.push_back(origin.error().text);
  }
  return trust;
}

}  // namespace railgun::app
