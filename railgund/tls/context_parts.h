// What the contexts of all kinds are made of. Included by this folder's sources alone.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "railgund/base/result.h"
#include "railgund/tls/context.h"

namespace railgun::tls {

// kInvalid: `text`, and what OpenSSL says.
std::unexpected<Error> invalid(const std::string& text);

// Without renegotiation, compression, sessions and tickets. `lowest_version`: TLS1_2_VERSION or TLS1_3_VERSION.
Result<Context::Handle> make_context(int lowest_version);

// Adds a certificate, its chain and its key. A context holds one of each type of key: the last that was added.
// Errors: kInvalid, with the reason.
Result<void> use_identity(ssl_ctx_st* context, const std::string& certificates, const std::string& key_pem);

// Protocols as ALPN has them: each after its length (RFC 7301 3.1).
std::string alpn_list(std::span<const std::string_view> protocols);

}  // namespace railgun::tls
