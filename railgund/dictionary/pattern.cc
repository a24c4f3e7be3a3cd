#include "railgund/dictionary/pattern.h"

#include <algorithm>

namespace railgun::dictionary {
namespace {

constexpr std::size_t kMostTarget = 512;
// What they mean in a pattern would have to be taken from them, and Chromium 156 does not use a dictionary then.
constexpr std::string_view kSpecial = "*+:{}()\\\"#";

}  // namespace

std::optional<std::string> pattern_of(std::string_view target) {
  if (target.size() > kMostTarget || !target.starts_with('/') || std::ranges::count(target, '?') > 1)
    return std::nullopt;
  const bool is_plain = std::ranges::all_of(
      target, [](char c) { return c > ' ' && c < 0x7f && kSpecial.find(c) == std::string_view::npos; });
  return is_plain ? std::optional(std::string(target)) : std::nullopt;
}

}  // namespace railgun::dictionary
