#include "railgund/app/trust.h"

#include <unistd.h>

#include "railgund/base/file.h"
#include "railgund/net/clock.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/certificate_folder.h"
#include "railgund/tls/ticket_keys.h"
#include "railgund/tls/visitor_context.h"

namespace railgun::app {
namespace {

constexpr std::size_t kCertificateBytes = 1 << 20;  // more than any chain

constexpr std::size_t kTicketFileBytes = 4096;

// The secrets of session tickets: those of the file, or our own if they cannot be had.
std::vector<Bytes> ticket_secrets(const config::Config& config, const Bytes& own, std::vector<std::string>& warnings) {
  std::vector<Bytes> secrets;
  if (!own.empty()) secrets.push_back(own);
  const std::string& path = config.tls_ticket_file;
  if (path.empty()) return secrets;
  const auto refuse = [&](const std::string& why) {
    warnings.push_back("tls.ticket_file: " + why + "; visitors of other senders do not resume their sessions here");
    return secrets;
  };
  if (const auto mode = tls::key_file_warning(path)) return refuse(*mode);
  const auto text = read_file(path, kTicketFileBytes);
  if (!text) return refuse(text.error().text);
  auto parsed = tls::parse_ticket_secrets(*text);
  return parsed ? std::move(*parsed) : refuse(path + ": " + parsed.error().text);
}

// Whatever is wrong here is a warning: the certificates that are good serve, and the first one may be on its way.
void load_visitors(const config::Config& config, const Bytes& ticket_secret, Trust& trust) {
  if (config.role != config::Role::kSender || config.listen_tls.empty()) return;
  auto folder = tls::load_certificate_folder(config.tls_directory);
  if (!folder) {
    trust.warnings.push_back("tls.directory: " + folder.error().text + "; connections to listen.tls are refused");
    return;
  }
  for (std::string& warning : folder->warnings) trust.warnings.push_back("tls.directory: " + std::move(warning));
  if (folder->certificates.empty()) {
    trust.warnings.push_back("tls.directory: " + config.tls_directory +
                             " holds no certificate that can be used; connections to listen.tls are refused");
    return;
  }
  for (const tls::VisitorCertificate& each : folder->certificates)
    trust.certificates.push_back({each.file, each.facts});
  tls::VisitorTls visitors{.certificates = std::move(folder->certificates),
                           .ticket_secrets = ticket_secrets(config, ticket_secret, trust.warnings)};
  if (config.http2) visitors.protocols = {tls::kHttp2Protocol, tls::kHttp1Protocol};
  auto context = tls::make_visitor_context(visitors, net::wall_now());
  if (context) {
    trust.visitors = std::move(*context);
  } else {
    trust.warnings.push_back("tls.directory: " + context.error().text + "; connections to listen.tls are refused");
  }
}

}  // namespace

Result<TrustPtr> load_trust(const config::Config& config, const Bytes& ticket_secret) {
  auto trust = std::make_shared<Trust>();
  const config::IdentityFiles files = config::identity_files(config);
  const bool present = !files.certificate.empty() && access(files.certificate.c_str(), F_OK) == 0;
  if (config.wan_tls && (files.are_set || present)) {
    const std::string settings = files.are_set ? "cert.file, key.file and link.ca_file: " : "";
    auto identity = tls::load_identity(files.certificate, files.key, files.authority);
    if (!identity) return fail(identity.error().code, settings + identity.error().text);
    auto context = tls::make_link_context(*identity);
    if (!context) return fail(context.error().code, settings + files.certificate + ": " + context.error().text);
    trust->link = std::move(*context);
    if (const auto text = read_file(files.certificate, kCertificateBytes)) {
      if (const auto facts = tls::certificate_facts(*text)) trust->hosts = tls::hosts_of(*facts);
    }
    if (auto warning = tls::key_file_warning(files.key)) trust->warnings.push_back(std::move(*warning));
  }
  auto origin = tls::make_origin_context({.verify = config.validate_cert, .bundle_file = config.ca_bundle});
  if (origin) {
    trust->origin = std::move(*origin);
  } else if (!config.ca_bundle.empty()) {
    return std::unexpected(origin.error());
  } else {
    trust->warnings.push_back(origin.error().text);
  }
  load_visitors(config, ticket_secret, *trust);
  return trust;
}

}  // namespace railgun::app
