// Rebuilds a page from a reference and a delta (doc/DELTA_FORMAT.md). The delta is hostile until checked: output,
// copies and work are bounded before anything is allocated, and no byte leaves before its window's check has passed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/delta/reference.h"

namespace railgun::delta {

struct DecoderLimits {
  std::size_t window_bytes = 1024 * 1024;  // largest window accepted, as rebuilt
  std::uint64_t page_bytes = UINT64_MAX;   // largest page accepted
};

class Decoder {
 public:
  // `reference`: the one the encoder had, or null for a cold page. Held until the decoder ends.
  Decoder(std::shared_ptr<const Reference> reference, DecoderLimits limits);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // Takes bytes of the delta, cut anywhere, and rebuilds every window that is known to be complete.
  // Errors (final): kMalformed, kTooLarge, kUnsupported for an unknown format version, kDenied if a check fails or the
  // delta was made against another reference.
  Result<void> receive(ByteView delta_bytes);
  // All of the delta has come: rebuilds what only its end completes. Errors (final): as receive(), and kMalformed if
  // the last window is missing.
  Result<void> end();
  // Page bytes rebuilt and checked since the last call.
  Bytes take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole delta at once. Errors as receive(), and kMalformed if the delta is not complete.
Result<Bytes> decode(std::shared_ptr<const Reference> reference, ByteView delta, const DecoderLimits& limits = {});

}  // namespace railgun::delta
