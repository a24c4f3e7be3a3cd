// The zstd tier: the page's windows are flushed pieces of one zstd frame whose prefix is the reference, so that later
// windows profit from the reference and from earlier windows. It serves cold pages, and pages too different for the
// other tiers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"

namespace railgun::delta {

// kThorough: for pages without a reference. Takes twice the time and sends 4 to 8 % less (measured on 300 page versions
// of nine sites).
enum class ZstdSearch : std::uint8_t { kUsual, kThorough };

class ZstdEncoder {
 public:
  // Begins a frame. `reference` (empty: none) outlives the encoder.
  ZstdEncoder(ByteView reference, ZstdSearch search);
  ~ZstdEncoder();
  ZstdEncoder(ZstdEncoder&&) noexcept;
  ZstdEncoder& operator=(ZstdEncoder&&) noexcept;

  // Codes one window and appends its payload.
  void encode(ByteView window, bool last, Bytes& payload);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ZstdDecoder {
 public:
  // `reference` as the encoder's; it outlives the decoder. Memory: at most twice the reference and 3 MB.
  explicit ZstdDecoder(ByteView reference);
  ~ZstdDecoder();
  ZstdDecoder(ZstdDecoder&&) noexcept;
  ZstdDecoder& operator=(ZstdDecoder&&) noexcept;

  // Rebuilds one window and appends it. Errors: kMalformed, kTooLarge for more than `limit_bytes`.
  Result<void> decode(ByteView payload, std::size_t limit_bytes, Bytes& window);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::delta
