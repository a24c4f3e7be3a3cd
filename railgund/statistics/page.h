// The page at / of stats.listen: statistics_page.html, which the build puts into the program.
#pragma once

#include <string>
#include <string_view>

namespace railgun::statistics {

std::string_view page();

// Its Content-Security-Policy: the page's own script and style, by their hashes, and what this server answers.
const std::string& page_policy();

}  // namespace railgun::statistics
