#include "railgund/proxy/origin_health.h"

#include <algorithm>

namespace railgun::proxy {

void OriginHealth::failed(const std::string& target, bool silent, Instant now) {
  auto found = entries_.find(target);
  if (found == entries_.end()) {
    make_room(now);
    found = entries_.try_emplace(target).first;
  } else {
    by_failure_.erase({found->second.failed_at, target});
  }
  Entry& entry = found->second;
  entry.failed_at = now;
  by_failure_.insert({now, target});
  entry.silent = silent ? entry.silent + 1 : 0;
  if (entry.is_probing) entry.probe_every = std::min(2 * entry.probe_every, kLongestProbe);
  if (entry.is_probing || entry.silent == kSilentToOpen) entry.next_probe = now + entry.probe_every;
  entry.is_probing = false;
}

bool OriginHealth::is_sick(const std::string& target, Instant now) const {
  const auto found = entries_.find(target);
  return found != entries_.end() && (now < found->second.failed_at + kSickFor || is_open(target));
}

bool OriginHealth::is_open(const std::string& target) const {
  const auto found = entries_.find(target);
  return found != entries_.end() && found->second.silent >= kSilentToOpen;
}

bool OriginHealth::begin_probe(const std::string& target, Instant now) {
  const auto found = entries_.find(target);
  if (!is_open(target) || found->second.is_probing || now < found->second.next_probe) return false;
  return found->second.is_probing = true;
}

Duration OriginHealth::until_probe(const std::string& target, Instant now) const {
  const auto found = entries_.find(target);
  if (found == entries_.end()) return Duration{};
  return std::max(found->second.next_probe - now, kFirstProbe);
}

void OriginHealth::erase(const std::string& target) {
  const auto found = entries_.find(target);
  if (found == entries_.end()) return;
  by_failure_.erase({found->second.failed_at, target});
  entries_.erase(found);
}

void OriginHealth::make_room(Instant now) {
  while (!by_failure_.empty() && (by_failure_.begin()->first + kForgetAfter <= now || entries_.size() >= kMost)) {
    entries_.erase(by_failure_.begin()->second);
    by_failure_.erase(by_failure_.begin());
  }
}

}  // namespace railgun::proxy
