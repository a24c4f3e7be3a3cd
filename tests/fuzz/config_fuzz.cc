// Fuzzes: config
// Any text is read or refused with a text that names the file; what was read can be shown and reads back the same.
#include <cstdint>
#include <string>

#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/config/parser.h"
#include "railgund/config/render.h"
#include "railgund/config/settings_table.h"

using namespace railgun;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Result<config::ParsedConfig> parsed = config::parse_config(as_text({data, size}), "fuzz");
  if (!parsed) {
    RAILGUN_CHECK(parsed.error().code == Errc::kInvalid && parsed.error().text.starts_with("fuzz:"));
    return 0;
  }
  config::show_config(parsed->config, parsed->config);
  std::string text;
  for (const config::Setting& setting : config::settings()) {
    if (config::is_site_setting(setting)) continue;
    const std::string value = config::value_text(parsed->config, nullptr, setting);
    if (!value.empty()) text += std::string(setting.key) + " = " + value + "\n";
  }
  for (const config::Site& site : parsed->config.sites) {
    for (const char* part : {"listeners", "origin"}) {
      const config::Setting& setting = *config::find_setting(std::string("site.HOST.") + part);
      const std::string value = config::value_text(parsed->config, &site, setting);
      if (!value.empty()) text += "site." + site.host + "." + part + " = " + value + "\n";
    }
  }
  const Result<config::ParsedConfig> again = config::parse_config(text, "again");
  RAILGUN_CHECK(again.has_value());
  RAILGUN_CHECK(config::diff_configs(parsed->config, again->config).empty());
  return 0;
}
