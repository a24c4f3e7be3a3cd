// The alphabets of HTTP/1.1 (RFC 9110 5.6, RFC 9112 2.2) and the lists written in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace railgun::http {

// tchar: what methods and field names are made of.
constexpr bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// CR, LF, NUL and their like: in no part of a head but for the line ends. A tab is not among them.
constexpr bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

bool is_token(std::string_view text);
// A field's value as it may be written: no control characters.
bool is_field_value(std::string_view text);
// A request's target as it may be written: not empty, no blanks, no control characters.
bool is_target(std::string_view text);

// Without the optional whitespace around it (OWS, RFC 9110 5.6.3).
std::string_view trim_blanks(std::string_view text);
// The elements of a comma-separated list without the blanks around them; empty ones are left out (RFC 9110 5.6.1.2).
// Views into `list`.
std::vector<std::string_view> split_list(std::string_view list);
// Digits only, nothing else, no overflow.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace railgun::http
