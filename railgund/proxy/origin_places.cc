#include "railgund/proxy/origin_places.h"

#include <algorithm>

namespace railgun::proxy {

template <typename Visit>
void OriginPlaces::each_key(const Claimant& claimant, OriginUse use, Visit visit) {
  visit(Key{use, "link " + std::to_string(claimant.link)}, kLinkShare);
  visit(Key{use, "site " + claimant.site}, kSiteShare);
  visit(Key{use, "visitor " + claimant.visitor}, kVisitorShare);
}

std::size_t OriginPlaces::streams_room() const {
  const std::size_t most = most_ - most_ / (kVisitorShare + 1);
  return most - std::min(streams_, most);
}

bool OriginPlaces::may_take(const Claimant& claimant, OriginUse use) const {
  std::size_t room = most_ - std::min(held_, most_);
  if (use == OriginUse::kStream) room = std::min(room, streams_room());
  if (room == 0) return false;
  bool within = true;
  each_key(claimant, use, [&](const Key& key, std::size_t share) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end() && !is_within_share(found->second, room, share)) within = false;
  });
  return within;
}

void OriginPlaces::take(const Claimant& claimant, OriginUse use) {
  ++held_;
  if (use == OriginUse::kStream) ++streams_;
  each_key(claimant, use, [&](const Key& key, std::size_t) { ++by_key_[key]; });
}

void OriginPlaces::give_back(const Claimant& claimant, OriginUse use) {
  --held_;
  if (use == OriginUse::kStream) --streams_;
  each_key(claimant, use, [&](const Key& key, std::size_t) {
    const auto found = by_key_.find(key);
    if (--found->second == 0) by_key_.erase(found);
  });
}

bool OriginQueue::add(CallId call, const Claimant& claimant, OriginUse use) {
  const auto known = visitors_.find(claimant.visitor);
  const std::size_t waiting = known == visitors_.end() ? 0 : known->second.size;
  if (!is_within_share(waiting, kMost - size_, kVisitorShare)) return false;
  Visitor& visitor = visitors_[claimant.visitor];
  Line& line =
      visitor.lines.try_emplace({use, claimant.link, claimant.site}, claimant, use, std::deque<CallId>{}).first->second;
  line.calls.push_back(call);
  ++visitor.size;
  ++size_;
  return true;
}

void OriginQueue::remove(CallId call, const Claimant& claimant, OriginUse use) {
  const auto visitor = visitors_.find(claimant.visitor);
  if (visitor == visitors_.end()) return;
  const auto line = visitor->second.lines.find({use, claimant.link, claimant.site});
  if (line == visitor->second.lines.end()) return;
  const std::size_t removed = std::erase(line->second.calls, call);
  size_ -= removed;
  visitor->second.size -= removed;
  if (line->second.calls.empty()) visitor->second.lines.erase(line);
  if (visitor->second.lines.empty()) visitors_.erase(visitor);
}

std::optional<CallId> OriginQueue::take_next(const OriginPlaces& places) {
  auto at = visitors_.upper_bound(served_last_);
  for (std::size_t left = visitors_.size(); left > 0; --left, ++at) {
    if (at == visitors_.end()) at = visitors_.begin();
    for (const auto& [key, line] : at->second.lines) {
      if (!places.may_take(line.claimant, line.use)) continue;
      const CallId call = line.calls.front();
      served_last_ = at->first;
      const Claimant claimant = line.claimant;  // remove() may end the line
      remove(call, claimant, line.use);
      return call;
    }
  }
  return std::nullopt;
}

}  // namespace railgun::proxy
