// Brotli (RFC 7932) for one answer. On libbrotlienc.
#pragma once

#include <memory>

#include "railgund/base/bytes.h"

struct BrotliEncoderStateStruct;

namespace railgun::coding {

// Holds about 2 MB with its window of 256 KB.
class BrotliEncoder {
 public:
  explicit BrotliEncoder(int quality);  // 0 to 11

  // As Encoder's.
  void write(ByteView piece, Bytes& to);
  void finish(Bytes& to);

 private:
  struct Free {
    void operator()(BrotliEncoderStateStruct* state) const;
  };
  std::unique_ptr<BrotliEncoderStateStruct, Free> state_;
};

}  // namespace railgun::coding
