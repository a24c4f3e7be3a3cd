#include "railgund/config/settings_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::array kRetired{
    RetiredSetting{"memcached.connect", "memcached.servers", "is the old name of memcached.servers"},
    RetiredSetting{"activation.public_ip", "activation.railgun_host", "is the old name of activation.railgun_host"},
    RetiredSetting{"activation.heartbeat_interval", "",
                   "has no effect: links are tested with pings (timeout.link_idle)"},
    RetiredSetting{"activate.server", "", "has no effect: the token contains the sender's address"},
    RetiredSetting{"stream.size", "",
                   "has no effect: deltas have no size limit (reference.page_limit limits what is kept)"},
    RetiredSetting{"compress.data", "", "has no effect: data on the link is compressed wherever that makes it smaller"},
    RetiredSetting{"cpu.oversubscribe", "", "has no effect: set workers"},
    RetiredSetting{"memprofile.file", "", "has no effect: use perf or heaptrack"},
    RetiredSetting{"cpuprofile.file", "", "has no effect: use perf"},
    RetiredSetting{"cpuprofile.intial", "", "has no effect: use perf"},
    RetiredSetting{"cpuprofile.initial", "", "has no effect: use perf"},
    RetiredSetting{"memstats.file", "", "has no effect: railgunctl status and stats.listen show memory"},
};

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> all;
    for (const auto& section : {daemon_settings(), clients_settings(), tls_settings(), compression_settings(),
                                browser_settings(), link_settings(), origins_settings(), references_settings(),
                                memcached_settings(), activation_settings(), logs_settings(), statistics_settings()})
      all.insert(all.end(), section.begin(), section.end());
    return all;
  }();
  return table;
}

const Setting* find_setting(std::string_view key) {
  const auto table = settings();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Setting& setting) { return setting.key == key; });
  return found == table.end() ? nullptr : &*found;
}

std::string shipped_value(std::string_view key) {
  const Setting* const setting = find_setting(key);
  return setting == nullptr ? std::string{} : std::string(setting->shipped);
}

bool is_site_setting(const Setting& setting) { return setting.key.starts_with("site."); }

std::span<const RetiredSetting> retired_settings() { return kRetired; }

}  // namespace railgun::config
