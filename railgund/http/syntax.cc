#include "railgund/http/syntax.h"

#include <algorithm>
#include <charconv>

#include "railgund/base/text.h"

namespace railgun::http {

bool is_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char); }

bool is_field_value(std::string_view text) { return std::none_of(text.begin(), text.end(), is_control); }

bool is_target(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || is_blank(c); });
}

std::string_view trim_blanks(std::string_view text) { return trim(text, " \t"); }

std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> elements;
  for (const std::string_view element : split(list, ",")) {
    if (const std::string_view trimmed = trim_blanks(element); !trimmed.empty()) elements.push_back(trimmed);
  }
  return elements;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace railgun::http
