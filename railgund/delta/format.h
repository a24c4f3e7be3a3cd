// The frame of a delta: a sequence of windows, each with a head, a payload and a check (doc/DELTA_FORMAT.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"

namespace railgun::delta {

inline constexpr unsigned kFormatVersion = 1;

// How a window's payload is coded.
enum class Tier : std::uint8_t { kStored = 0, kZstd = 1, kFast = 2, kStrong = 3 };

// How often a page may begin a walk of the fast or the strong tier: each costs the decoder some hundred KB of state,
// and a window that begins one takes only a few bytes (doc/DELTA_FORMAT.md, "Limits").
class WalkAllowance {
 public:
  // `page_bytes`: those of the windows before.
  bool may_begin(std::uint64_t page_bytes) const { return begun_ < 2 + page_bytes / kPageBytesPerWalk; }
  void begin() { ++begun_; }

 private:
  static constexpr std::uint64_t kPageBytesPerWalk = 16 * 1024;
  std::uint64_t begun_ = 0;
};

struct WindowHead {
  Tier tier = Tier::kStored;
  // The tier's state goes on from the page's last window of this tier; otherwise it begins anew.
  bool continues = false;
  // Nothing follows.
  bool last = false;
  std::size_t payload_bytes = 0;
  std::uint32_t check = 0;
};

// Head byte, ten bytes of length, four of check.
inline constexpr std::size_t kMaxHeadBytes = 15;

void encode_window_head(const WindowHead& head, Bytes& to);

// Reads a head off the front of `bytes` and says how long it was; nothing if more bytes are needed. Errors:
// kUnsupported for another format version or an unknown tier, kMalformed for a length that is no varint.
struct ParsedHead {
  WindowHead head;
  std::size_t head_bytes = 0;
};
Result<std::optional<ParsedHead>> decode_window_head(ByteView bytes);

// The usual delta is one window of the fast or the strong tier, and often so small that a window's head would double
// it. In its compact form the payload ends where the delta ends, and the check is short. It is known by the first
// byte's highest bit, so format versions are below 4.

// `only`: nothing was coded before the window.
bool is_compact(const WindowHead& head, bool only);
inline bool begins_compact(std::uint8_t first_byte) { return (first_byte & 0x80) != 0; }
void encode_compact_head(const WindowHead& head, Bytes& to);
// `delta`: the whole of it, which begins compact. Errors: kMalformed if it is shorter than its head.
Result<ParsedHead> decode_compact_head(ByteView delta);
// The bits of a check that a compact delta with so long a payload carries: 14 or 22.
std::uint32_t compact_check_mask(std::size_t payload_bytes);

// The checks of a page's windows form a chain that begins with the reference and runs through every window's bytes and
// head byte, so that a window in the wrong place, or rebuilt from another reference, does not pass.
class CheckChain {
 public:
  // `reference_hash`: of the reference's bytes; kCold without one.
  explicit CheckChain(std::uint64_t reference_hash) : seed_(reference_hash) {}
  // The check of the next window.
  std::uint32_t next(ByteView window, const WindowHead& head);

  static constexpr std::uint64_t kCold = 0x636f6c6420706167;

 private:
  std::uint64_t seed_;
};

}  // namespace railgun::delta
