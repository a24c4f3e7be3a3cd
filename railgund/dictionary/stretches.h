// The stretches of a page: pieces of text, cut at places that the text chooses, so that what two pages have in common is
// cut alike.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"

namespace railgun::dictionary {

// A stretch ends behind a line's end, or, once it has the least bytes, behind a character that ends a tag, an attribute, a
// word or a value, or at the most bytes. So of a link that names the page what stands before the name is a stretch.
inline constexpr std::size_t kLeastStretch = 16;
inline constexpr std::size_t kMostStretch = 1024;

// All of the text, in its order. Views into it.
std::vector<ByteView> stretches_of(ByteView text);

}  // namespace railgun::dictionary
