// The strong tier: the gap walker with MixingGaps. One object serves a page, at one end, window after window.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "railgund/base/bytes.h"
#include "railgund/delta/gap_walker.h"
#include "railgund/delta/mixing_gaps.h"
#include "railgund/delta/parser.h"
#include "railgund/delta/prepared.h"
#include "railgund/delta/reference.h"

namespace railgun::delta {

class MixingTier {
 public:
  // `reference` outlives the tier. `primed`: the encoder begins with what the whole reference teaches (and prepares it
  // if that was not done); the delta says so to the decoder.
  MixingTier(Reference::Prepared& reference, bool primed);
  ~MixingTier();
  MixingTier(MixingTier&&) noexcept;
  MixingTier& operator=(MixingTier&&) noexcept;

  // Where the reference is expected to go on.
  std::size_t expected() const;
  // Appends the payload. The gaps hold at most kMixingGapBytes.
  void encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload);
  // Appends the window. An error leaves it somewhere in the middle, and the tier useless.
  WalkEnd decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Parses a window for the tier and codes it. `tier`: empty at first; goes on from window to window. False, and nothing
// was done: more than kMixingGapBytes in gaps.
bool encode_mixing(Reference::Prepared& reference, bool primed, ByteView window, bool last,
                   std::optional<MixingTier>& tier, Bytes& payload);

}  // namespace railgun::delta
