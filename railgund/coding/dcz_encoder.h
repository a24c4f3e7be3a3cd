// Zstandard against a dictionary that the visitor's browser holds (RFC 9842 5), for one answer: a header that names the
// dictionary, then one frame with a check of its content, so that a wrong dictionary cannot give a wrong page.
#pragma once

#include "railgund/base/bytes.h"
#include "railgund/coding/zstd_encoder.h"
#include "railgund/dictionary/dictionary.h"

namespace railgun::coding {

class DczEncoder {
 public:
  DczEncoder(dictionary::DictionaryPtr dictionary, ZstdStates& states);
  ~DczEncoder();
  DczEncoder(DczEncoder&&) noexcept = default;
  DczEncoder& operator=(DczEncoder&&) noexcept = default;

  // As Encoder's.
  void write(ByteView piece, Bytes& to);
  void finish(Bytes& to);

 private:
  void begin(Bytes& to);

  dictionary::DictionaryPtr dictionary_;  // the state refers to its bytes
  ZstdStates* states_;
  ZstdState state_;
  bool has_begun_ = false;
};

}  // namespace railgun::coding
