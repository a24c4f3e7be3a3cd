#include "railgund/page/url_shape.h"

#include <algorithm>
#include <vector>

#include "railgund/base/text.h"

namespace railgun::page {
namespace {

// A word of hex digits of this length, with a decimal digit in it, is a hash or a part of one (the groups of a UUID);
// shorter ones may be names ("ad2").
constexpr std::size_t kHexHash = 4;
// So is any word of this length with a few digits in it (base 62, base 64).
constexpr std::size_t kOtherHash = 16;
constexpr std::ptrdiff_t kOtherHashDigits = 3;
// Parameters beyond this many keep their order: sorting them is work that strangers choose.
constexpr std::size_t kParametersMost = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_hash(std::string_view word) {
  const std::ptrdiff_t digits = std::count_if(word.begin(), word.end(), is_digit);
  if (digits == 0) return false;
  if (word.size() >= kHexHash && std::all_of(word.begin(), word.end(), is_hex)) return true;
  return word.size() >= kOtherHash && digits >= kOtherHashDigits;
}

// Each run of digits becomes one "#"; so do numbers with points in them ("1.25.3").
void add_digits_masked(std::string& to, std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) {
      to += c;
    } else if (to.ends_with("#.")) {
      to.pop_back();
    } else if (!to.ends_with('#')) {
      to += '#';
    }
  }
}

}  // namespace

std::string without_numbers(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    if (word.empty()) {
      result += text[at++];
      continue;
    }
    if (is_hash(word)) {
      if (!result.ends_with('#')) result += '#';
    } else {
      add_digits_masked(result, word);
    }
    at += word.size();
  }
  return result;
}

std::string url_shape(std::string_view target) {
  const std::size_t mark = target.find('?');
  std::string result = without_numbers(target.substr(0, mark));
  if (mark == std::string_view::npos) return result;
  std::vector<std::string> parameters;
  for (const std::string_view one : split(target.substr(mark + 1), "&")) parameters.push_back(without_numbers(one));
  std::sort(parameters.begin(),
            parameters.begin() + static_cast<std::ptrdiff_t>(std::min(parameters.size(), kParametersMost)));
  result += '?';
  for (const std::string& parameter : parameters) {
    result += parameter;
    result += '&';
  }
  return result;
}

std::string url_folder(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  // "/post/one/" is a page in "/post/", as "/post/one" is.
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  std::string result;
  add_digits_masked(result, slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash + 1));
  return result;
}

}  // namespace railgun::page
