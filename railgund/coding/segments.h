// Cuts a page into chunks at places that its content chooses, so that the same text gives the same chunks wherever it
// stands and an insertion changes the chunks around it only.
#pragma once

#include <cstddef>

#include "railgund/base/bytes.h"

namespace railgun::coding {

// A small chunk makes a small change cheap to code again; each one costs a look-up. The mean is near 1,500 bytes.
inline constexpr std::size_t kLeastChunkBytes = 512;
inline constexpr std::size_t kMostChunkBytes = 4096;

struct Chunk {
  std::size_t bytes = 0;
  bool ends_segment = false;  // one cut in sixteen is one that longer stretches may end at, too

  bool operator==(const Chunk&) const = default;
};

// The first chunk of `text`, which is not empty. It ends at the end of `text` if no cut comes before.
Chunk next_chunk(ByteView text);

}  // namespace railgun::coding
