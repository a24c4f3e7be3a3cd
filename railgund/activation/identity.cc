#include "railgund/activation/identity.h"

#include "railgund/activation/state_file.h"
#include "railgund/config/state_files.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"
#include "railgund/tls/random.h"

namespace railgun::activation {
namespace {

constexpr const char* kAuthorityKeyFile = "authority.key";
constexpr Duration kFailureRetry = std::chrono::seconds(10);
constexpr auto kAuthorityLifetime = std::chrono::days(3650);

bool is_due_for_renewal(const std::string& certificate_pem, WallTime now) {
  const auto facts = tls::certificate_facts(certificate_pem);
  return !facts || now >= tls::renewal_time(*facts);
}

}  // namespace

Result<bool> prepare_identity(const config::Config& config, WallTime now) {
  const auto file = [&](const char* name) { return config::state_file(config, name); };
  auto authority_key = read_state_file(file(kAuthorityKeyFile));
  auto authority = read_state_file(file(config::kAuthorityFile));
  if (!authority_key || !authority) {
    // Half an authority is a lost one: refuse to make another over it.
    if (authority_key || authority)
      return fail(Errc::kInvalid, file(config::kAuthorityFile) + " and " + file(kAuthorityKeyFile) +
                                      " belong together: one is missing");
    if (authority_key.error().code != Errc::kNotFound) return std::unexpected(authority_key.error());
    auto made = tls::create_authority(std::string(tls::kAuthorityName), tls::validity_from(now, kAuthorityLifetime),
                                      tls::random_bytes<16>());
    if (!made) return std::unexpected(made.error());
    if (auto written = write_state_file(file(kAuthorityKeyFile), made->key); !written)
      return std::unexpected(written.error());
    if (auto written = write_state_file(file(config::kAuthorityFile), made->certificate); !written)
      return std::unexpected(written.error());
    authority_key = made->key;
    authority = made->certificate;
  }
  const auto own = read_state_file(file(config::kCertificateFile));
  if (own && !is_due_for_renewal(*own, now)) return false;
  auto request = tls::create_request("sender");
  if (!request) return std::unexpected(request.error());
  auto certificate = tls::issue_certificate(
      {*authority_key, *authority}, request->request, {std::string(tls::kSenderName)},
      tls::validity_from(now, std::chrono::floor<std::chrono::seconds>(config.activation_certificate_life)),
      tls::random_bytes<16>());
  if (!certificate) return std::unexpected(certificate.error());
  if (auto written = write_state_file(file(config::kKeyFile), request->key); !written)
    return std::unexpected(written.error());
  if (auto written = write_state_file(file(config::kCertificateFile), *certificate); !written)
    return std::unexpected(written.error());
  return true;
}

Duration until_next_check(const config::Config& config, WallTime now) {
  const auto own = read_state_file(config::state_file(config, config::kCertificateFile));
  const auto facts = own ? tls::certificate_facts(*own) : std::unexpected(own.error());
  return facts ? Duration(tls::until_next_look(*facts, now)) : kFailureRetry;
}

Result<tls::KeyAndCertificate> load_authority(const config::Config& config) {
  auto key = read_state_file(config::state_file(config, kAuthorityKeyFile));
  if (!key) return std::unexpected(key.error());
  auto certificate = read_state_file(config::state_file(config, config::kAuthorityFile));
  if (!certificate) return std::unexpected(certificate.error());
  return tls::KeyAndCertificate{*std::move(key), *std::move(certificate)};
}

}  // namespace railgun::activation
