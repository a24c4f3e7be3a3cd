// The fast tier: the gap walker with NibbleGaps. One object serves a page, at one end, window after window.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "railgund/base/bytes.h"
#include "railgund/delta/gap_walker.h"
#include "railgund/delta/nibble_gaps.h"
#include "railgund/delta/parser.h"
#include "railgund/delta/prepared.h"

namespace railgun::delta {

class FastTier {
 public:
  // `reference` outlives the tier.
  explicit FastTier(Reference::Prepared& reference);

  // Where the reference is expected to go on.
  std::size_t expected() const { return walker_->expected(); }
  // Appends the payload.
  void encode(ByteView window, bool last, std::span<const Instruction> instructions, Bytes& payload);
  // Appends the window. An error leaves it somewhere in the middle, and the tier useless.
  WalkEnd decode(ByteView payload, bool last, std::size_t limit_bytes, Bytes& page);

 private:
  // On the heap: it is large, and tiers move.
  std::unique_ptr<GapWalker<NibbleGaps>> walker_;
};

}  // namespace railgun::delta
