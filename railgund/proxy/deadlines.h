// Who must be called when: the earliest of many deadlines in logarithmic time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "railgund/base/time.h"

namespace railgun::proxy {

template <typename Key>
class Deadlines {
 public:
  // Replaces the key's deadline; kNever removes it.
  void set(const Key& key, Instant when) {
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      if (found->second == when) return;
      by_time_.erase({found->second, key});
      if (when == kNever) {
        by_key_.erase(found);
        return;
      }
      found->second = when;
    } else {
      if (when == kNever) return;
      by_key_.emplace(key, when);
    }
    by_time_.insert({when, key});
  }
  void remove(const Key& key) { set(key, kNever); }

  Instant earliest() const { return by_time_.empty() ? kNever : by_time_.begin()->first; }

  // A key whose deadline has come, which then has none, or nothing.
  std::optional<Key> take_due(Instant now) {
    if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
    const Key key = by_time_.begin()->second;
    by_key_.erase(key);
    by_time_.erase(by_time_.begin());
    return key;
  }

 private:
  std::map<Key, Instant> by_key_;
  std::set<std::pair<Instant, Key>> by_time_;
};

}  // namespace railgun::proxy
