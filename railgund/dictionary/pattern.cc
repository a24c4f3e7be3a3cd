#include "railgund/dictionary/pattern.h"

#include <algorithm>
#include <array>

#include "railgund/base/text.h"
#include "railgund/page/url_shape.h"

namespace railgun::dictionary {
namespace {

constexpr std::size_t kMostTarget = 512;
// What they mean in a pattern would have to be taken from them, and Chromium 156 does not use a dictionary then.
constexpr std::string_view kSpecial = "*+:{}()\\\"#";
// Names of parameters whose value is a version.
constexpr std::array<std::string_view, 9> kVersions = {"v", "ver", "version", "rev", "hash", "h", "t", "ts", "_"};
// Letters of a file's name that tell it from other files.
constexpr std::ptrdiff_t kLeastLetters = 2;

std::string with_wildcards(std::string_view text) {
  std::string result = page::without_numbers(text);
  std::ranges::replace(result, '#', '*');
  return result;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::optional<std::string> pattern_of(std::string_view target) {
  if (target.size() > kMostTarget || !target.starts_with('/') || std::ranges::count(target, '?') > 1)
    return std::nullopt;
  const bool is_plain = std::ranges::all_of(
      target, [](char c) { return c > ' ' && c < 0x7f && kSpecial.find(c) == std::string_view::npos; });
  return is_plain ? std::optional(std::string(target)) : std::nullopt;
}

std::optional<std::string> pattern_of_versions(std::string_view target) {
  if (!pattern_of(target)) return std::nullopt;
  const std::size_t mark = target.find('?');
  std::string pattern = with_wildcards(target.substr(0, mark));
  const std::string_view name = std::string_view(pattern).substr(pattern.rfind('/') + 1);
  if (std::ranges::count_if(name.substr(0, name.rfind('.')), is_letter) < kLeastLetters) return std::nullopt;
  if (mark == std::string_view::npos) return pattern;
  char before = '?';
  for (const std::string_view parameter : split(target.substr(mark + 1), "&")) {
    const std::string_view key = parameter.substr(0, parameter.find('='));
    const bool is_version = key.size() < parameter.size() &&
                            std::ranges::any_of(kVersions, [&](std::string_view one) { return same_name(one, key); });
    pattern += before + (is_version ? std::string(key) + "=*" : with_wildcards(parameter));
    before = '&';
  }
  return pattern;
}

}  // namespace railgun::dictionary
