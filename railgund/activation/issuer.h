// What a sender decides when listeners ask on activation.listen: checks tokens and certificates by the registry and
// signs certificates. Pure: the registry, the clock and serial numbers are arguments.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "railgund/activation/registry.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/control/activation_message.h"
#include "railgund/tls/authority.h"

namespace railgun::activation {

// What the outcome of a request depends on besides the registry.
struct Circumstances {
  WallTime now{};
  std::string peer{};                     // the address that the request came from
  std::chrono::seconds lifetime{};        // of certificates
  std::array<std::uint8_t, 16> serial{};  // of the certificate to be issued: random, never used before
};

struct Outcome {
  enum class Kind : std::uint8_t { kActivated, kRenewed, kDeactivated };
  Kind kind;
  control::ActivationAnswer answer{};
  control::Railgun railgun{};   // as it is now
  std::string address{};        // kActivated: where the sender connects to the listener; empty: the listener connects
  std::string clock_warning{};  // kActivated: how the two clocks differ, if they do
};

class Issuer {
 public:
  explicit Issuer(tls::KeyAndCertificate authority) : authority_(std::move(authority)) {}

  const tls::KeyAndCertificate& authority() const { return authority_; }

  // Redeems a token, renews a certificate or deactivates a listener, as the request says. Changes the registry; after
  // an error it must not be kept. Errors: kDenied, with the reason; kInvalid (clocks too far apart, a damaged
  // certificate or request); those of the registry.
  Result<Outcome> answer(Registry& registry, const control::ActivationRequest& request,
                         const Circumstances& circumstances) const;

 private:
  Result<Outcome> redeem(Registry& registry, const control::ActivationRequest& request,
                         const Circumstances& circumstances) const;
  Result<Outcome> renew(Registry& registry, const control::ActivationRequest& request,
                        const Circumstances& circumstances) const;
  Result<Outcome> deactivate(Registry& registry, const control::ActivationRequest& request, WallTime now) const;
  Result<std::string> issue(const control::Railgun& railgun, const std::string& request,
                            const Circumstances& circumstances) const;

  tls::KeyAndCertificate authority_;
};

}  // namespace railgun::activation
