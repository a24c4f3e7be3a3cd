// The one-time text that joins a listener to a sender (doc/OPERATIONS.md, "Activation"): where to go, whom to find
// there, and a secret to be known by. One word of letters and digits, so that a double click takes all of it and
// neither shells nor railgun.conf see anything special in it.
//
//   "railgun1" base32(payload)          RFC 4648 alphabet in lower case, no padding
//   payload:  port (2)  fingerprint (32)  secret (16 to 64, its length before it in 1)  host (the rest but the last 4)
//             check (4): the low half of XXH3-64 of all that comes before it
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "railgund/base/bytes.h"
#include "railgund/base/endpoint.h"
#include "railgund/base/result.h"

namespace railgun::tls {

struct Token {
  static constexpr std::size_t kSecretLeast = 16;
  static constexpr std::size_t kSecretMost = 64;

  Endpoint activation;                         // the sender's activation endpoint
  std::array<std::uint8_t, 32> fingerprint{};  // SHA-256 of the authority's certificate
  Bytes secret;                                // random
  bool operator==(const Token&) const = default;
};

// Errors: kInvalid for a host or secret whose length is out of bounds.
Result<std::string> encode_token(const Token& token);

// White space anywhere (mail breaks lines) and capitals are forgiven. The errors say what a person can do, and never
// contain the token: kInvalid (not a token), kUnsupported (of a later version), kMalformed (cut or mistyped).
Result<Token> decode_token(std::string_view text);

// Takes the same time wherever they differ: for secrets. Different lengths are told apart at once.
bool equal_secrets(ByteView a, ByteView b);

}  // namespace railgun::tls
