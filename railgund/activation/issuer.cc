#include "railgund/activation/issuer.h"

#include "railgund/base/endpoint.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"

namespace railgun::activation {
namespace {

// `text`: hex digits, as parse_activation_request() has checked.
Bytes from_hex(std::string_view text) {
  Bytes bytes;
  const auto digit = [](char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  return bytes;
}

// Where the sender connects to the listener; empty: nowhere, because the listener connects (port 0).
std::string address_of(const control::ActivationRequest& request, const std::string& peer) {
  if (request.port == 0) return {};
  const auto endpoint = parse_endpoint(request.host.empty() ? peer : request.host, request.port);
  return endpoint ? to_string(*endpoint) : std::string{};
}

// The request must be signed by the key of the certificate, and that by the authority. `denied`: the text of the error.
Result<void> check_possession(const tls::KeyAndCertificate& authority, const control::ActivationRequest& request,
                              const char* denied) {
  if (auto checked = tls::verify_request(request.request); !checked) return std::unexpected(checked.error());
  if (!tls::proves_possession(authority.certificate, request.certificate, request.request))
    return fail(Errc::kDenied, denied);
  return {};
}

control::ActivationAnswer answer_with(const control::Railgun& railgun, std::string certificate,
                                      const std::string& authority) {
  return {.name = railgun.name, .certificate = std::move(certificate), .authority = authority, .hosts = railgun.hosts};
}

}  // namespace

Result<Outcome> Issuer::answer(Registry& registry, const control::ActivationRequest& request,
                               const Circumstances& circumstances) const {
  Result<Outcome> outcome = request.deactivate        ? deactivate(registry, request, circumstances.now)
                            : !request.secret.empty() ? redeem(registry, request, circumstances)
                                                      : renew(registry, request, circumstances);
  if (outcome) outcome->answer.time = circumstances.now.time_since_epoch().count();
  return outcome;
}

Result<std::string> Issuer::issue(const control::Railgun& railgun, const std::string& request,
                                  const Circumstances& circumstances) const {
  return tls::issue_certificate(authority_, request, railgun.hosts,
                                tls::validity_from(circumstances.now, circumstances.lifetime), circumstances.serial);
}

Result<Outcome> Issuer::redeem(Registry& registry, const control::ActivationRequest& request,
                               const Circumstances& circumstances) const {
  const WallTime now = circumstances.now;
  auto railgun = registry.check_token(from_hex(request.secret), now);
  if (!railgun) return std::unexpected(railgun.error());
  Outcome outcome{.kind = Outcome::Kind::kActivated};
  if (request.time != 0) {
    const WallTime listeners_clock{std::chrono::seconds(request.time)};
    if (auto checked = tls::check_listener_clock(now, listeners_clock); !checked)
      return std::unexpected(checked.error());
    outcome.clock_warning =
        tls::clock_difference(now, listeners_clock, "that of the listener at " + circumstances.peer);
  }
  auto certificate = issue(*railgun, request.request, circumstances);
  if (!certificate) return std::unexpected(certificate.error());
  const auto facts = tls::certificate_facts(*certificate);
  if (!facts) return std::unexpected(facts.error());
  outcome.address = address_of(request, circumstances.peer);
  if (auto added = registry.activated(railgun->name, outcome.address, facts->serial, facts->not_after, now); !added)
    return std::unexpected(added.error());
  outcome.answer = answer_with(*railgun, *std::move(certificate), authority_.certificate);
  outcome.railgun = *std::move(railgun);
  return outcome;
}

Result<Outcome> Issuer::renew(Registry& registry, const control::ActivationRequest& request,
                              const Circumstances& circumstances) const {
  const WallTime now = circumstances.now;
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  auto railgun = registry.check_certificate(facts->serial);
  if (!railgun) return std::unexpected(railgun.error());
  if (now > facts->not_after + tls::kRenewableAfterEnd) {
    return fail(Errc::kDenied, "Activation Failed: the certificate ended on " + tls::utc_text(facts->not_after) +
                                   ", too long ago to be renewed: activate the listener with a new token");
  }
  if (auto checked = check_possession(
          authority_, request, "Activation Failed: the certificate to renew is not of this sender, or of another key");
      !checked)
    return std::unexpected(checked.error());
  auto certificate = issue(*railgun, request.request, circumstances);
  if (!certificate) return std::unexpected(certificate.error());
  const auto fresh = tls::certificate_facts(*certificate);
  if (!fresh) return std::unexpected(fresh.error());
  if (auto added = registry.renewed(railgun->name, facts->serial, fresh->serial, fresh->not_after, now); !added)
    return std::unexpected(added.error());
  return Outcome{.kind = Outcome::Kind::kRenewed,
                 .answer = answer_with(*railgun, *std::move(certificate), authority_.certificate),
                 .railgun = *railgun};
}

Result<Outcome> Issuer::deactivate(Registry& registry, const control::ActivationRequest& request, WallTime now) const {
  const auto facts = tls::certificate_facts(request.certificate);
  if (!facts) return std::unexpected(facts.error());
  if (auto known = registry.check_certificate(facts->serial); !known) return std::unexpected(known.error());
  if (auto checked = check_possession(authority_, request,
                                      "the certificate to deactivate is not of this sender, or of another key");
      !checked)
    return std::unexpected(checked.error());
  auto railgun = registry.deactivated(facts->serial, now);
  if (!railgun) return std::unexpected(railgun.error());
  return Outcome{.kind = Outcome::Kind::kDeactivated,
                 .answer = {.name = railgun->name, .deactivated = true},
                 .railgun = *std::move(railgun)};
}

}  // namespace railgun::activation
