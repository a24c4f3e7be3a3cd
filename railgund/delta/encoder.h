// Turns a page into a delta against a reference, in windows, as its bytes come (doc/DELTA_FORMAT.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"
#include "railgund/delta/reference.h"

namespace railgun::delta {

enum class Effort : std::uint8_t {
  kAuto,    // chosen for each window from what remains to be coded, the budget and the speed of the link
  kFast,    // the nibble coder
  kStrong,  // the mixing coder, at its best with a reference that Reference::prepare_strong() was called for
  kZstd,    // zstd with the reference as prefix
};

struct EncoderOptions {
  Effort effort = Effort::kAuto;
  // Time the coding of one page may take, for kAuto.
  Duration cpu_budget = std::chrono::microseconds(2500);
  // Bytes a second of the link, for kAuto; 0 if unknown.
  std::uint64_t link_bytes_per_second = 0;
  // A window is closed when it has so many bytes, so that memory is bounded. Pages up to this size take the fewest
  // bytes.
  std::size_t window_bytes = 1024 * 1024;
  // The reference is no version of the page and little like it: zstd searches as for a page without one.
  bool is_first_visit = false;
};

// A link so slow that kAuto may take the strong tier. False for a link of unknown speed.
bool strong_may_pay(std::uint64_t link_bytes_per_second);

class Encoder {
 public:
  // `reference` may be null: a cold page, compressed by itself. It is held until the encoder ends.
  Encoder(std::shared_ptr<const Reference> reference, EncoderOptions options);
  ~Encoder();
  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;

  // Takes bytes of the page. Full windows are coded at once.
  void write(ByteView page_bytes);
  // Codes what is held, so that the receiver can rebuild everything written so far. Nothing held: does nothing.
  void flush();
  // Codes what is held and `rest`, the page's last bytes, and ends the delta. Nothing may be written after it.
  void finish(ByteView rest = {});
  // The delta's bytes made since the last call, in order. The receiver may get them cut anywhere.
  Bytes take();

  // Bytes written and not yet coded: at most window_bytes.
  std::size_t held_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A whole page at once. The delta is complete and self-checking.
Bytes encode(std::shared_ptr<const Reference> reference, ByteView page, const EncoderOptions& options = {});

}  // namespace railgun::delta
