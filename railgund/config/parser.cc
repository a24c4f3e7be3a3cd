#include "railgund/config/parser.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <utility>

#include "railgund/base/field.h"
#include "railgund/base/file.h"
#include "railgund/base/text.h"
#include "railgund/config/checks.h"
#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

constexpr std::size_t kFaultsShown = 20;
constexpr std::uint16_t kHttpPort = 80, kActivationPort = 2409;
constexpr std::size_t kMaxFileBytes = 4 << 20;
constexpr std::size_t kMaxErrorPageBytes = 64 << 10;  // a picture may be inside, as a data: URL
constexpr std::size_t kKeyShown = 80;                 // of a key that is no key

// The one-letter changes between two keys.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({changed, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

// The known key that `key` was probably meant to be, or nothing.
std::string_view nearest_key(std::string_view key) {
  if (key.size() > kKeyShown) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, key.size() / 4) + 1;
  const auto consider = [&](std::string_view known) {
    const std::size_t changes = distance(key, known);
    if (changes < best_distance) {
      best = known;
      best_distance = changes;
    }
  };
  for (const Setting& setting : settings()) consider(setting.key);
  for (const RetiredSetting& retired : retired_settings()) consider(retired.key);
  return best;
}

bool is_site_name(std::string_view host) {
  if (host.starts_with("*.")) host.remove_prefix(2);
  return !host.empty() && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string_view::npos &&
         !host.starts_with('.') && !host.ends_with('.');
}

// The site's host of a key; nothing: it is none. An IPv6 address stands in brackets, as in a URL.
std::optional<std::string> site_host(std::string_view written) {
  std::string host = lower_ascii(written);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    return is_address(host) && host.find(':') != std::string::npos ? std::optional(std::move(host)) : std::nullopt;
  }
  return is_site_name(host) ? std::optional(std::move(host)) : std::nullopt;
}

// A key taken apart: the entry of the table, and the host if it is a site's.
struct Key {
  const Setting* setting = nullptr;
  std::string host;
};
Key find_key(std::string_view key) {
  if (key.starts_with("site.")) {
    for (const Setting& setting : settings()) {
      if (!is_site_setting(setting)) continue;
      const std::string_view ending = setting.key.substr(setting.key.rfind('.'));
      if (!key.ends_with(ending) || key.size() <= 5 + ending.size()) continue;
      if (auto host = site_host(key.substr(5, key.size() - 5 - ending.size()))) return {&setting, *std::move(host)};
    }
    return {};
  }
  return {find_setting(key), {}};
}

class Parser {
 public:
  Parser(std::string_view file_name, std::optional<Role> role) : file_name_(file_name), role_(role) {}

  Result<ParsedConfig> parse(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // the mark that some editors put at the front
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      read_line(trim(text.substr(0, end)));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    check();
    if (const auto map = lines_.find("map.file"); map != lines_.end()) parsed_.map_file_line = map->second;
    for (const Site& site : parsed_.config.sites) {
      const auto line = lines_.find(site_key(site.host, ".error_page"));
      if (line != lines_.end()) parsed_.error_page_lines[site.host] = line->second;
    }
    if (faults_ == 0) return std::move(parsed_);
    if (faults_ > kFaultsShown) errors_ += "\n… and " + std::to_string(faults_ - kFaultsShown) + " more";
    return fail(Errc::kInvalid, std::move(errors_));
  }

 private:
  void read_line(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    if (line.find('\0') != std::string_view::npos) return fault("", "a byte of value 0: this is no text file");
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return fault("", "expected key = value");
    const std::string_view key = trim(line.substr(0, equals));
    const std::string_view value = trim(line.substr(equals + 1));
    if (key.empty()) return fault("", "no key before '='");
    if (value.starts_with('=')) return fault(key, "expected one '=' between key and value");
    read_pair(key, value);
  }

  void read_pair(std::string_view key, std::string_view value) {
    for (const RetiredSetting& retired : retired_settings()) {
      if (retired.key != key) continue;
      warn(key, std::string(retired.advice));
      // The setting that took its place; a key that does nothing any more is still noticed when it comes twice.
      if (!retired.now.empty()) return assign({find_setting(retired.now), {}}, key, value);
      if (!lines_.try_emplace(std::string(key), line_).second) fault(key, second_time(key));
      return;
    }
    Key found = find_key(key);
    if (found.setting == nullptr) {
      const std::string_view nearest = faults_ < kFaultsShown ? nearest_key(key) : std::string_view{};
      return fault(key.substr(0, kKeyShown),
                   nearest.empty() ? "there is no such setting"
                                   : "there is no such setting; did you mean " + std::string(nearest) + "?");
    }
    assign(found, key, value);
  }

  void assign(const Key& found, std::string_view key, std::string_view value) {
    const std::string name =
        found.host.empty() ? std::string(found.setting->key) : site_key(found.host, found.setting->key.substr(9));
    if (!lines_.try_emplace(name, line_).second) return fault(key, second_time(name));
    Site* site = nullptr;
    if (!found.host.empty()) {
      std::vector<Site>& sites = parsed_.config.sites;
      const auto place = std::ranges::find_if(sites, [&](const Site& one) { return is_named(one, found.host); });
      site =
          place == sites.end() ? &sites.emplace_back(Site{.host = found.host, .listeners = {}, .origin = {}}) : &*place;
    }
    const Result<void> set = set_value(parsed_.config, site, *found.setting, value);
    if (!set) return fault(key, set.error().text);
    used_.push_back({found.setting, line_});
  }

  void play(Role role) {
    Config& config = parsed_.config;
    config.role = role;
    if (role != Role::kSender) return;
    if (config.listen.empty()) config.listen.push_back({"*", kHttpPort});
    if (!config.activation_listen) config.activation_listen = Endpoint{"*", kActivationPort};
  }

  void check() {
    if (role_) play(*role_);
    const bool sender = parsed_.config.role == Role::kSender;
    for (const auto& [setting, line] : used_) {
      if (setting->concerns == Concerns::kBoth || (setting->concerns == Concerns::kSender) == sender) continue;
      line_ = line;
      warn(setting->key,
           sender ? "concerns listeners, and this is a sender" : "concerns senders, and this is a listener");
    }
    // A fault in one value makes others look wrong too: say the first ones alone.
    if (faults_ > 0) return;
    const auto point_at = [this](std::string_view key) {
      const auto line = lines_.find(key);
      line_ = line == lines_.end() ? 0 : line->second;
    };
    check_settings(parsed_.config, {.error =
                                        [&](std::string_view key, std::string_view text) {
                                          point_at(key);
                                          fault(key, text);
                                        },
                                    .warning =
                                        [&](std::string_view key, std::string_view text) {
                                          point_at(key);
                                          warn(key, text);
                                        }});
  }

  std::string second_time(std::string_view name) const {
    return "a second time, after line " + std::to_string(lines_.find(name)->second);
  }
  // "FILE:LINE: KEY: text"; without the line where the key is nowhere in the file.
  std::string located(std::string_view key, std::string_view text) const {
    std::string line(file_name_);
    if (line_ > 0) line += ":" + std::to_string(line_);
    line += ": ";
    if (!key.empty()) line += std::string(key) + ": ";
    return line + std::string(text);
  }
  void fault(std::string_view key, std::string_view text) {
    if (++faults_ > kFaultsShown) return;
    errors_ += (errors_.empty() ? "" : "\n") + located(key, text);
  }
  void warn(std::string_view key, std::string_view text) { parsed_.warnings.push_back(located(key, text)); }

  struct Use {
    const Setting* setting;
    std::size_t line;
  };

  std::string_view file_name_;
  std::optional<Role> role_;  // whatever the file says
  std::size_t line_ = 0;
  ParsedConfig parsed_;
  std::map<std::string, std::size_t, std::less<>> lines_;  // where each key is
  std::vector<Use> used_;
  std::string errors_;
  std::size_t faults_ = 0;
};

}  // namespace

Result<ParsedConfig> parse_config(std::string_view text, std::string_view file_name, std::optional<Role> role) {
  return Parser(file_name, role).parse(text);
}

namespace {

// The text of a file that a setting names; relative to the settings file.
Result<std::string> read_named_file(const std::string& path, const std::string& name, std::size_t most,
                                    std::size_t line, std::string_view key) {
  Result<std::string> text = read_file((std::filesystem::path(path).parent_path() / name).string(), most);
  if (!text)
    return fail(text.error().code,
                path + ":" + std::to_string(line) + ": " + std::string(key) + ": " + text.error().text);
  return text;
}

}  // namespace

Result<ParsedConfig> load_config(const std::string& path, std::optional<Role> role) {
  const Result<std::string> text = read_file(path, kMaxFileBytes);
  if (!text) return std::unexpected(text.error());
  Result<ParsedConfig> parsed = parse_config(*text, path, role);
  if (!parsed) return parsed;

  Config& config = parsed->config;
  for (Site& site : config.sites) {
    if (site.error_page.empty()) continue;
    Result<std::string> page = read_named_file(path, site.error_page, kMaxErrorPageBytes,
                                               parsed->error_page_lines[site.host], site_key(site.host, ".error_page"));
    if (!page) return std::unexpected(page.error());
    site.error_page_text = std::move(*page);
  }
  if (config.map_file.empty()) return parsed;
  const Result<std::string> map_text =
      read_named_file(path, config.map_file, kMaxFileBytes, parsed->map_file_line, "map.file");
  if (!map_text) return std::unexpected(map_text.error());
  const std::string map_path = (std::filesystem::path(path).parent_path() / config.map_file).string();
  Result<OriginMap> origins = parse_origin_map(*map_text, map_path);
  if (!origins) return std::unexpected(origins.error());
  config.origins = std::move(*origins);
  return parsed;
}

}  // namespace railgun::config
