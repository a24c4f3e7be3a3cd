// Priorities of answers (RFC 9218): what the Priority field and PRIORITY_UPDATE say. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace railgun::http2 {

struct Priority {
  std::uint8_t urgency = 3;  // 0 (first) to 7 (last)
  // Answers of the same urgency: true takes turns with others that do, false comes whole before the next one. RFC 9218
  // assumes false; but of a client that says nothing we cannot tell, and with turns no answer holds others up.
  bool incremental = true;
  bool operator==(const Priority&) const = default;
};

// Changes what `value` (a dictionary of RFC 8941: "u=1, i") names; the rest stays. A value that breaks the syntax
// changes nothing (RFC 9218 4). Says whether it was good.
bool apply_priority(std::string_view value, Priority& priority);
// The same for what a client says, which starts from the defaults of RFC 9218: u=3, not incremental.
std::optional<Priority> parse_priority(std::string_view value);

}  // namespace railgun::http2
