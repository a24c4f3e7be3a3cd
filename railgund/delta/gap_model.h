// What a tier's model of the bytes in gaps is told and asked. A gap is a stretch of the new page that no copy covers;
// it replaces a stretch of the reference. A walk through it (nibble_gaps.h, mixing_gaps.h) finds the guesses, a model
// turns them and what it has learned into probabilities. Everything is in integers: both ends must come to the same
// probabilities, whatever the CPU.
#pragma once

#include <cstddef>
#include <cstdint>

#include "railgund/base/bytes.h"

namespace railgun::delta {

// A guess of the next byte.
struct Guess {
  int byte = -1;       // -1: none
  unsigned trust = 0;  // 0 .. kMaxTrust, rising with the run of right guesses behind it
};
inline constexpr unsigned kMaxTrust = 15;

struct GapContext {
  // The last eight bytes of the page, the latest in the lowest eight bits.
  std::uint64_t recent = 0;
  // The reference's byte in this place, walking along the stretch that the gap replaces. Trust 15: the gap's first
  // byte.
  Guess replaced;
  // What came after the same last bytes in the gaps so far and in the old text around them.
  Guess nearby;
  // What came after the same last bytes anywhere in the reference.
  Guess page;
  // 0 .. 7: how the walk along the replaced stretch goes. Bits 0-1: 0 at the first byte, then 1, 2 or 3 after a wrong
  // guess, one or two right ones, more right ones. Bit 2: the gap is as long as what it replaces.
  unsigned alignment = 0;
};

// A gap: so many bytes, which replace a stretch of the reference.
struct Gap {
  std::size_t count = 0;
  std::size_t old_begin = 0;
  std::size_t old_end = 0;
};

// How much the gaps of a window hold in all: fewer than 200 bytes, fewer than 3000, more. A model may size its work by
// it.
enum class Volume : std::uint8_t { kLittle, kSome, kMuch };

}  // namespace railgun::delta
