// What a listener and a sender say to each other when a token is redeemed or a certificate renewed: one line of JSON
// each way, under TLS, on the sender's activation.listen (doc/CONTROL.md, "Activation").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"

namespace railgun::control {

inline constexpr std::size_t kMaxActivationBytes = 64 * 1024;  // a line, without its end

struct ActivationRequest {
  std::string secret{};       // hex: that of the token; empty to renew
  std::string certificate{};  // PEM: to renew, the one that ends soon
  std::string request{};      // PEM: a certificate request (PKCS #10); to renew, of the same key
  std::string host{};         // where the sender reaches the listener, HOST or HOST:PORT; empty: where it came from
  std::uint16_t port = 0;     // its wan.port; 0: it dials out itself and is not to be dialled
  std::int64_t time = 0;      // of the listener's clock, seconds since 1970; 0: not told
  bool deactivate = false;    // with `certificate`: it is to count no more
  bool operator==(const ActivationRequest&) const = default;
};

struct ActivationAnswer {
  std::string name{};         // of the railgun
  std::int64_t time = 0;      // of the sender's clock, seconds since 1970; 0: not told
  bool deactivated = false;   // the answer to `deactivate`: name and time alone
  std::string certificate{};  // PEM
  std::string authority{};    // PEM
  std::vector<std::string> hosts{};
  bool operator==(const ActivationAnswer&) const = default;
};

std::string format_activation_request(const ActivationRequest& request);
std::string format_activation_answer(const ActivationAnswer& answer);
// An error as an answer: format_error() of control/message.h.

// Errors: kTooLarge, kMalformed, kUnsupported (another version).
Result<ActivationRequest> parse_activation_request(std::string_view line);
// Also the error that the sender answered.
Result<ActivationAnswer> parse_activation_answer(std::string_view line);

}  // namespace railgun::control
