#include "railgund/config/config.h"

#include <algorithm>

#include "railgund/config/value.h"

namespace railgun::config {

std::vector<std::string> analytics_cookies() {
  return {"_ga*", "_gid", "_gat*", "_gcl_*", "__utm*", "_fbp", "_pk_*", "_hj*", "_clck", "_clsk"};
}

std::string site_key(std::string_view host, std::string_view ending) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  return "site." + std::string(is_ipv6 ? "[" : "") + std::string(host) + (is_ipv6 ? "]" : "") + std::string(ending);
}

bool is_named(const Site& site, std::string_view host) {
  if (site.host == host) return true;
  return host.find(':') != std::string_view::npos && site.host.find(':') != std::string::npos &&
         is_in_network(host, site.host);
}

const Site* find_site(const Config& config, std::string_view host) {
  const Site* best = nullptr;
  std::size_t best_length = 0;  // 0: "default"; otherwise what a wildcard's suffix covers
  for (const Site& site : config.sites) {
    if (is_named(site, host)) return &site;
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
