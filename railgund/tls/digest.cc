#include "railgund/tls/digest.h"

#include <openssl/evp.h>

#include "railgund/base/check.h"

namespace railgun::tls {

std::array<std::uint8_t, 32> sha256(ByteView bytes) {
  std::array<std::uint8_t, 32> digest{};
  RAILGUN_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return digest;
}

}  // namespace railgun::tls
