// OpenSSL's reasons in the words of people who run web servers. Included by this folder's sources alone.
#pragma once

#include <string>

#include "railgund/base/result.h"
#include "railgund/tls/openssl_handles.h"

namespace railgun::tls {

// Why a check has failed: "certificate is valid for A, not B".
std::string refusal_text(X509_STORE_CTX* check, const std::string& server_name);

// The first error in OpenSSL's queue, which it empties. `refusal`: of the peer's certificate, if that was refused.
Error connection_error(const std::string& refusal);

}  // namespace railgun::tls
