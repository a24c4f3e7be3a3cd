#include "railgunctl/settings_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "railgund/base/file.h"
#include "railgund/base/text.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kMaxConfigBytes = 4 << 20;

}  // namespace

Settings parse_settings(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    settings.emplace_back(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
  return settings;
}

Result<Settings> read_settings(const std::string& path) {
  const auto text = read_file(path, kMaxConfigBytes);
  if (!text) return std::unexpected(text.error());
  return parse_settings(*text);
}

const std::string* find_setting(const Settings& settings, std::string_view key) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const auto& s) { return s.first == key; });
  return found == settings.end() ? nullptr : &found->second;
}

}  // namespace railgun::ctl
