#include "railgund/config/reload.h"

#include <string>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/config/checks.h"
#include "railgund/config/settings_table.h"

namespace railgun::config {
namespace {

struct CopyValue {
  const Config& from;
  Config& to;

  void operator()(MemcachedServers) const {
    to.memcached_servers = from.memcached_servers;
    to.memcached_socket = from.memcached_socket;
  }
  template <typename T>
  void operator()(T Config::* member) const {
    to.*member = from.*member;
  }
  // Sites come and go with a reload, and so do their settings.
  template <typename T>
  void operator()(T Site::*) const {
    RAILGUN_CHECK(false);
  }
};

}  // namespace

Result<Config> merge_reloadable(const Config& running, Config parsed) {
  for (const Setting& setting : settings()) {
    if (setting.takes == Takes::kRestart) std::visit(CopyValue{running, parsed}, setting.place);
  }
  std::string fault;
  const auto keep_first = [&fault](std::string_view key, const std::string& text) {
    if (fault.empty()) fault = std::string(key) + ": " + text;
  };
  check_settings(parsed, {.error = keep_first, .warning = [](std::string_view, const std::string&) {}});
  if (!fault.empty()) return fail(Errc::kInvalid, fault + " (with the settings that change only at a restart)");
  return parsed;
}

}  // namespace railgun::config
