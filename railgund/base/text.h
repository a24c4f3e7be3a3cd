// Text: trim, split, join, compare without case, hex, and what may be shown of a text that a stranger wrote.
// ASCII only; bytes above 127 are never touched unless a function says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/bytes.h"

namespace railgun {

inline constexpr std::string_view kWhiteSpace = " \t\r\n";

// `text` without the characters of `what` at its ends. A view into `text`.
std::string_view trim(std::string_view text, std::string_view what = kWhiteSpace);

// The parts of `text` between characters of `separators`; empty parts are left out. Views into `text`.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

// What `text_of` makes of each item, with `separator` between them.
template <typename Items, typename TextOf>
std::string join(const Items& items, std::string_view separator, TextOf text_of) {
  std::string text;
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) text += separator;
    text += text_of(item);
    is_first = false;
  }
  return text;
}
template <typename Items>
std::string join(const Items& items, std::string_view separator = ", ") {
  return join(items, separator, [](const auto& item) -> const auto& { return item; });
}

// Compares without regard to ASCII case: names of fields (RFC 9110 5.1), hosts, words of settings.
bool same_name(std::string_view a, std::string_view b);
std::string lower_ascii(std::string_view text);

// At least one hex digit, and nothing but hex digits of either case.
bool is_hex(std::string_view text);
// Two lower-case digits a byte.
std::string to_hex(ByteView bytes);
// The counterpart, in either case. Null for an odd number of digits, or anything that is not a hex digit.
std::optional<Bytes> from_hex(std::string_view text);

// For logs: everything but printable ASCII becomes '?', bytes above 127 too.
std::string printable_ascii(std::string_view text);
// For terminals: ASCII control characters are left out, UTF-8 stays.
std::string without_controls(std::string_view text);

}  // namespace railgun
