#include "railgund/dictionary/stretches.h"

#include <cstdint>
#include <string_view>

namespace railgun::dictionary {

namespace {

bool is_end(std::uint8_t c) {
  constexpr std::string_view kEnds = "\">&,; ";
  return kEnds.find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

std::vector<ByteView> stretches_of(ByteView text) {
  std::vector<ByteView> stretches;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = i + 1 - begin;
    const bool ends = text[i] == '\n' || (length >= kLeastStretch && is_end(text[i])) || length == kMostStretch;
    if (!ends && i + 1 < text.size()) continue;
    stretches.push_back(text.subspan(begin, length));
    begin = i + 1;
  }
  return stretches;
}

}  // namespace railgun::dictionary
