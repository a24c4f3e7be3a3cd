// SHA-256 (FIPS 180-4): the name that browsers give to a dictionary (RFC 9842 2.2). On OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"

struct evp_md_ctx_st;

namespace railgun::dictionary {

using Hash = std::array<std::uint8_t, 32>;

Hash hash_of(ByteView bytes);

// Of a body that comes in pieces.
class RunningHash {
 public:
  RunningHash();

  void add(ByteView piece);
  // Of all pieces so far. Nothing may be added afterwards.
  Hash finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* state) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> state_;
};

}  // namespace railgun::dictionary
