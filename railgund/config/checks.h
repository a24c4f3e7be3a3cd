// What must hold between settings, beyond each one's own bounds.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "railgund/config/config.h"

namespace railgun::config {

// Where the faults go. `key`: the setting to point at.
struct Findings {
  std::function<void(std::string_view key, std::string text)> error;
  std::function<void(std::string_view key, std::string text)> warning;
};

// Certificates are not asked for here: they may come from activation (state.directory), which only the daemon knows.
void check_settings(const Config& config, const Findings& findings);

}  // namespace railgun::config
