// The `match` of Use-As-Dictionary: a URL pattern as a string of structured fields (RFC 9842 2.1.1; URL Pattern
// Standard).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace railgun::dictionary {

// The pattern for one address alone, without the quotes around it; `target`: in origin form. Nothing if it has
// characters that mean something in a pattern or that a string of structured fields cannot hold, or is longer than is
// worth sending.
std::optional<std::string> pattern_of(std::string_view target);

}  // namespace railgun::dictionary
