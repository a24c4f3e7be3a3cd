// Splits a window of a page into copies from the reference and gaps between them. It decides nothing about bytes: any
// list it makes is right, only dearer or cheaper to code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/delta/prepared.h"

namespace railgun::delta {

// First `gap` bytes that no copy covers, then `copy` bytes from `source` of the reference. Only a window's last
// instruction may copy nothing.
struct Instruction {
  std::uint32_t gap = 0;
  std::uint32_t source = 0;
  std::uint32_t copy = 0;
};

inline std::size_t gap_bytes_of(std::span<const Instruction> instructions) {
  std::size_t sum = 0;
  for (const auto& instruction : instructions) sum += instruction.gap;
  return sum;
}

struct ParserOptions {
  // Shortest copy worth an instruction, at least 32: on the diagonal the gap runs on, and elsewhere. Equal text on the
  // diagonal costs next to nothing inside a gap, so leaving the gap pays late.
  std::size_t min_resync = 32;
  std::size_t min_copy = 48;
};

// `expected`: where the reference goes on, behind the last copy of the page's earlier windows. `last`: the window ends
// the page, so it may end as the reference ends. Replaces what `to` held. Both pages are below 4 GB.
void parse(Reference::Prepared& reference, std::size_t expected, ByteView window, bool last,
           const ParserOptions& options, std::vector<Instruction>& to);

}  // namespace railgun::delta
