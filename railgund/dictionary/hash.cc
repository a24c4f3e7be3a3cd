#include "railgund/dictionary/hash.h"

#include <openssl/evp.h>

#include "railgund/base/check.h"

namespace railgun::dictionary {

void RunningHash::Free::operator()(evp_md_ctx_st* state) const { EVP_MD_CTX_free(state); }

RunningHash::RunningHash() : state_(EVP_MD_CTX_new()) {
  RAILGUN_CHECK(state_ != nullptr && EVP_DigestInit_ex(state_.get(), EVP_sha256(), nullptr) == 1);
}

void RunningHash::add(ByteView piece) {
  RAILGUN_CHECK(EVP_DigestUpdate(state_.get(), piece.data(), piece.size()) == 1);
}

Hash RunningHash::finish() {
  Hash hash{};
  unsigned count = 0;
  RAILGUN_CHECK(EVP_DigestFinal_ex(state_.get(), hash.data(), &count) == 1 && count == hash.size());
  return hash;
}

Hash hash_of(ByteView bytes) {
  RunningHash hash;
  hash.add(bytes);
  return hash.finish();
}

}  // namespace railgun::dictionary
