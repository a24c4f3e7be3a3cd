#include "railgund/proxy/site_counters.h"

namespace railgun::proxy {

SiteCounters& SiteTable::at(std::string_view host, bool is_named) {
  const auto known = by_host_.find(host);
  if (known != by_host_.end()) return *known->second;
  const std::size_t used = used_.load(std::memory_order_relaxed);
  if (used == kMostSites || (!is_named && unnamed_ == kMostUnnamed)) return other_;
  if (!is_named) ++unnamed_;
  places_[used] = std::make_unique<SiteCounters>(host);
  SiteCounters& made = *places_[used];
  by_host_.emplace(made.host, &made);
  used_.store(used + 1, std::memory_order_release);
  return made;
}

}  // namespace railgun::proxy
