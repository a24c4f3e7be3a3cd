// The list of all metrics as Markdown: the chapter "All metrics" of doc/OPERATIONS.md. Pure.
#pragma once

#include <string>

namespace railgun::statistics {

// Without its heading; begins and ends with an empty line.
std::string metrics_chapter();

}  // namespace railgun::statistics
