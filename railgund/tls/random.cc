#include "railgund/tls/random.h"

#include <openssl/rand.h>

#include "railgund/base/check.h"

namespace railgun::tls {

void fill_random(std::span<std::uint8_t> bytes) {
  RAILGUN_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

}  // namespace railgun::tls
