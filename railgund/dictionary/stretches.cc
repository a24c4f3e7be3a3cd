#include "railgund/dictionary/stretches.h"

namespace railgun::dictionary {

std::vector<ByteView> stretches_of(ByteView text) {
  std::vector<ByteView> stretches;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = i + 1 - begin;
    const bool ends = text[i] == '\n' || (text[i] == '>' && length >= kLeastTagStretch) || length == kMostStretch;
    if (!ends && i + 1 < text.size()) continue;
    stretches.push_back(text.subspan(begin, length));
    begin = i + 1;
  }
  return stretches;
}

}  // namespace railgun::dictionary
