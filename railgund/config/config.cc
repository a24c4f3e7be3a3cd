#include "railgund/config/config.h"

#include <algorithm>

namespace railgun::config {

std::vector<std::string> analytics_cookies() {
  return {"_ga*", "_gid", "_gat*", "_gcl_*", "__utm*", "_fbp", "_pk_*", "_hj*", "_clck", "_clsk"};
}

const Site* find_site(const Config& config, std::string_view host) {
  const Site* best = nullptr;
  std::size_t best_length = 0;  // 0: "default"; otherwise what a wildcard's suffix covers
  for (const Site& site : config.sites) {
    if (site.host == host) return &site;
    if (site.host == "default") {
      if (best == nullptr) best = &site;
    } else if (site.host.starts_with("*.")) {
      const std::string_view suffix = std::string_view(site.host).substr(1);
      if (host.size() > suffix.size() && host.ends_with(suffix) && suffix.size() > best_length) {
        best = &site;
        best_length = suffix.size();
      }
    }
  }
  return best;
}

}  // namespace railgun::config
