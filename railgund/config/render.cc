#include "railgund/config/render.h"

#include <algorithm>
#include <map>

#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

constexpr std::size_t kColumns = 100;
constexpr std::string_view kSecret = "(secret)";

// Comment lines of at most kColumns, broken at spaces.
void add_comment(std::string& to, std::string_view text) {
  std::string line = "#";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (line.size() + 1 + (end - at) > kColumns) {
      to += line + "\n";
      line = "#";
    }
    line += " " + std::string(text.substr(at, end - at));
    at = end + 1;
  }
  to += line + "\n";
}

std::string key_of(const Setting& setting, const Site& site) { return site_key(site.host, setting.key.substr(9)); }

// The user and the query of a URL are nobody's business.
std::string without_credentials(const std::string& url) {
  const std::size_t start = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
  const std::size_t slash = std::min(url.find_first_of("/?", start), url.size());
  const std::size_t at = url.rfind('@', slash);
  std::string shown = url;
  if (const std::size_t query = url.find('?'); query != std::string::npos)
    shown = shown.substr(0, query + 1) + std::string(kSecret);
  if (at != std::string::npos && at >= start && at < slash)
    shown = shown.substr(0, start) + std::string(kSecret) + shown.substr(at);
  return shown;
}

std::string shown_text(const Config& config, const Site* site, const Setting& setting) {
  std::string text = value_text(config, site, setting);
  if (text.empty()) return text;
  if (setting.secret) return std::string(kSecret);
  return setting.form == Form::kUrl ? without_credentials(text) : text;
}

std::string sample_help(const Setting& setting) {
  std::string text(setting.help);
  text += " (" + type_text(setting);
  const std::string usual = value_text(Config{}, nullptr, setting);
  if (!usual.empty()) text += "; default " + usual;
  if (setting.concerns == Concerns::kListener) text += "; listeners";
  if (setting.concerns == Concerns::kSender) text += "; senders";
  if (setting.takes == Takes::kRestart) text += "; needs a restart";
  return text + ")";
}

}  // namespace

std::string sample_config() {
  std::string text;
  add_comment(text,
              "Settings of railgund. A line is \"key = value\"; a comment has a line of its own. railgunctl reload (or "
              "systemctl reload railgund) applies changed values, except of settings that need a restart. railgund "
              "--check --config FILE reports errors in a file.");
  for (const Setting& setting : settings()) {
    if (!setting.section.empty()) text += "\n\n### " + std::string(setting.section) + "\n";
    text += "\n";
    add_comment(text, sample_help(setting));
    std::string value(setting.shipped);
    if (value.empty()) value = setting.example;
    if (value.empty()) value = value_text(Config{}, nullptr, setting);
    std::string key(setting.key);
    if (is_site_setting(setting)) key = key_of(setting, Site{.host = "www.example.com", .listeners = {}, .origin = {}});
    text += (setting.shipped.empty() ? "#" : "") + key + " =" + (value.empty() ? "" : " " + value) + "\n";
  }
  return text;
}

std::string settings_chapter() {
  std::string text;
  for (const Setting& setting : settings()) {
    if (!setting.section.empty()) text += "\n### " + std::string(setting.section) + "\n\n";
    text += "- `" + std::string(setting.key) + "`: " + sample_help(setting) + "\n";
  }
  text += "\n### Keys of the original that are accepted and changed\n\n";
  for (const RetiredSetting& retired : retired_settings()) {
    text += "- `" + std::string(retired.key) + "` " + std::string(retired.advice) + "\n";
  }
  return text;
}

std::vector<ShownSetting> show_config(const Config& running, const Config& file) {
  std::vector<ShownSetting> shown;
  const Config defaults;
  const auto add = [&](std::string key, const Site* site, const Setting& setting) {
    const std::string value = value_text(running, site, setting);
    const bool needs_restart = setting.takes == Takes::kRestart;
    std::optional<std::string> pending;
    if (needs_restart && value_text(file, site, setting) != value) pending = shown_text(file, site, setting);
    shown.push_back({.key = std::move(key),
                     .value = shown_text(running, site, setting),
                     .is_default = value == value_text(defaults, nullptr, setting),
                     .needs_restart = needs_restart,
                     .pending = std::move(pending)});
  };
  bool sites_shown = false;
  for (const Setting& setting : settings()) {
    if (!is_site_setting(setting)) {
      add(std::string(setting.key), nullptr, setting);
    } else if (!sites_shown) {
      sites_shown = true;
      for (const Site& site : running.sites) {
        for (const Setting& of_site : settings()) {
          if (is_site_setting(of_site)) add(key_of(of_site, site), &site, of_site);
        }
      }
    }
  }
  return shown;
}

std::vector<ChangedSetting> diff_configs(const Config& before, const Config& after) {
  std::vector<ChangedSetting> changes;
  const auto compare = [&](std::string key, const Site* old_site, const Site* new_site, const Setting& setting) {
    if (value_text(before, old_site, setting) == value_text(after, new_site, setting)) return;
    changes.push_back({.key = std::move(key),
                       .before = shown_text(before, old_site, setting),
                       .after = shown_text(after, new_site, setting),
                       .needs_restart = setting.takes == Takes::kRestart});
  };
  struct Pair {
    const Site* before = nullptr;
    const Site* after = nullptr;
  };
  std::map<std::string, Pair> sites;
  for (const Site& site : before.sites) sites[site.host].before = &site;
  for (const Site& site : after.sites) sites[site.host].after = &site;

  for (const Setting& setting : settings()) {
    if (is_site_setting(setting)) {
      for (const auto& [host, pair] : sites) {
        compare(key_of(setting, pair.before != nullptr ? *pair.before : *pair.after), pair.before, pair.after, setting);
      }
    } else {
      compare(std::string(setting.key), nullptr, nullptr, setting);
    }
  }
  for (const auto& [host, pair] : sites) {
    if (pair.before == nullptr || pair.after == nullptr) continue;
    const std::string& file = pair.after->error_page;
    if (pair.before->error_page == file && pair.before->error_page_text != pair.after->error_page_text)
      changes.push_back({.key = site_key(host, ".error_page"), .before = file, .after = file, .needs_restart = false});
  }
  const bool named =
      std::ranges::any_of(changes, [](const ChangedSetting& change) { return change.key == "map.file"; });
  if (!named && !(before.origins == after.origins)) {
    changes.push_back({.key = "map.file", .before = before.map_file, .after = after.map_file, .needs_restart = false});
  }
  return changes;
}

}  // namespace railgun::config
