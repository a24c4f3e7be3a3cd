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

// The pattern for all versions of a file: numbers and hashes in its address are a wildcard, and so is the value of a
// parameter that is named as a version. "/app.3f2a9c1b.js" gives "/app.*.js", "/jquery.js?ver=3.6.1" gives
// "/jquery.js?ver=*". Nothing for what pattern_of() gives nothing for, and for a file whose name is nothing but a hash:
// its next version cannot be told from other files.
std::optional<std::string> pattern_of_versions(std::string_view target);

}  // namespace railgun::dictionary
