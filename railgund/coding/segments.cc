#include "railgund/coding/segments.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

// A cut is where the hash of the eight bytes before it has ten zero bits in front: one place in 1,024.
constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kChunkLimit = std::uint64_t{1} << (64 - 10);
constexpr std::uint64_t kSegmentLimit = kChunkLimit >> 4;

std::uint64_t hash_before(const std::uint8_t* place) {
  std::uint64_t word = 0;
  std::memcpy(&word, place - sizeof word, sizeof word);
  // The lowest bits of a product depend on few bits of the word, the highest on all of them.
  return (word ^ (word >> 29)) * kMultiplier;
}

}  // namespace

Chunk next_chunk(ByteView text) {
  RAILGUN_CHECK(!text.empty());
  const std::size_t most = std::min(text.size(), kMostChunkBytes);
  for (std::size_t at = kLeastChunkBytes; at < most; ++at) {
    const std::uint64_t hash = hash_before(text.data() + at);
    if (hash < kChunkLimit) return {.bytes = at, .ends_segment = hash < kSegmentLimit};
  }
  return {.bytes = most, .ends_segment = false};
}

}  // namespace railgun::coding
