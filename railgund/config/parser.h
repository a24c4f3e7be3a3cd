// railgun.conf: "key = value" lines, "#" at the start of a comment's line (doc/OPERATIONS.md, "The settings").
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"
#include "railgund/config/config.h"

namespace railgun::config {

struct ParsedConfig {
  Config config;
  // "FILE:LINE: KEY: what is odd about it": keys that do nothing any more, keys of the other role, and the like.
  std::vector<std::string> warnings;
  std::size_t map_file_line = 0;                        // where map.file is set; 0: nowhere
  std::map<std::string, std::size_t> error_page_lines;  // where error_page is set, by host
};

// Reads the text alone: the map file is not opened (config.origins stays empty).
// The first '=' ends the key; the value may hold more of them.
// Errors: kInvalid with "FILE:LINE: KEY: what was expected", one line for each fault, at most twenty: no '=', no key, a
// key twice, an unknown key (with the nearest known one), a value out of type or bounds (the original took its default
// without a word), settings that contradict each other.
// `role`: overrides the file. A sender by it listens on ports 80 and 2409 (activation.listen) where the file names
// none, so that the packaged file serves both ends.
Result<ParsedConfig> parse_config(std::string_view text, std::string_view file_name, std::optional<Role> role = {});

// Reads the file, and the map file it names (a relative path starts at the folder of `path`).
// Errors: as above; kNotFound if a file is not there, kDenied if it may not be read, kTooLarge over 4 MB.
Result<ParsedConfig> load_config(const std::string& path, std::optional<Role> role = {});

}  // namespace railgun::config
