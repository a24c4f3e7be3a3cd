// railgun.conf as far as railgunctl needs it when no daemon can be asked: lines of `key = value`. Takes any text,
// however broken; railgund has the checking parser.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "railgund/base/result.h"

namespace railgun::ctl {

using Settings = std::vector<std::pair<std::string, std::string>>;

// The settings of a text, in order.
Settings parse_settings(std::string_view text);
Result<Settings> read_settings(const std::string& path);
// The first value of that key, or null. Valid until `settings` changes.
const std::string* find_setting(const Settings& settings, std::string_view key);

}  // namespace railgun::ctl
