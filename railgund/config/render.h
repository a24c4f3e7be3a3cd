// What is made from the table of settings for people: the sample file, what is set now, what a reload changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgund/config/config.h"

namespace railgun::config {

// conf/railgun.conf: every setting with its help; those that packages set are set, the others commented out.
std::string sample_config();

// doc/OPERATIONS.md, "The settings": the same as Markdown, and the original's keys that have become something else.
std::string settings_chapter();

// One setting in force. Secrets are shown as "(secret)".
struct ShownSetting {
  std::string key;
  std::string value;  // empty: not set
  bool is_default;
  bool needs_restart;                  // to change it
  std::optional<std::string> pending;  // the file's value, where that differs and waits for a restart
};
// In the order of the table; a site's in its place. `file`: the settings as last read from the file.
std::vector<ShownSetting> show_config(const Config& running, const Config& file);

// A setting in which two configurations differ.
struct ChangedSetting {
  std::string key;
  std::string before, after;  // secrets as above
  bool needs_restart;
};
// "map.file" is also named when only the file's content differs; `before` and `after` are the same then.
std::vector<ChangedSetting> diff_configs(const Config& before, const Config& after);

}  // namespace railgun::config
