// The stretches of a page: pieces of text, cut at places that the text chooses, so that what two pages have in common is
// cut alike.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"

namespace railgun::dictionary {

// A stretch ends behind a line's end, or behind a tag once it has this many bytes, or at the most bytes.
inline constexpr std::size_t kLeastTagStretch = 48;
inline constexpr std::size_t kMostStretch = 1024;

// All of the text, in its order. Views into it.
std::vector<ByteView> stretches_of(ByteView text);

}  // namespace railgun::dictionary
