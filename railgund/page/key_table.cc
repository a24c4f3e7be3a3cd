#include "railgund/page/key_table.h"

#include <algorithm>
#include <utility>

namespace railgun::page {

KeyTable::Added KeyTable::add(const Id128& key, const Numbered& version) {
  const auto [place, is_new] = latest_.try_emplace(key, Latest{.first = version, .second = std::nullopt});
  Latest& latest = place->second;
  if (latest.first.id == version.id) {
    latest.first.sequence = std::max(latest.first.sequence, version.sequence);
    return {};
  }
  if (version.sequence > latest.first.sequence) {
    latest.second = std::exchange(latest.first, version);
    return {.replaced = latest.second->id};
  }
  if (!latest.second || version.sequence > latest.second->sequence) latest.second = version;
  return {.is_older = true};
}

void KeyTable::add_kin(const Id128& key, const Id128& id, MediaClass media, const std::optional<Id128>& replaced) {
  kin_[key].add(id, media, replaced);
}

void KeyTable::add_older_kin(const Id128& key, const Id128& id, MediaClass media) { kin_[key].add_older(id, media); }

std::optional<Id128> KeyTable::latest(const Id128& key) const {
  const auto place = latest_.find(key);
  return place == latest_.end() ? std::nullopt : std::optional(place->second.first.id);
}

std::vector<Id128> KeyTable::kin(const Id128& key, MediaClass expected, std::size_t most) const {
  const auto place = kin_.find(key);
  if (place == kin_.end()) return {};
  std::vector<Id128> best = place->second.best(expected);
  if (best.size() > most) best.resize(most);
  return best;
}

void KeyTable::forget(const Id128& key, const Id128& id) {
  const auto place = latest_.find(key);
  if (place == latest_.end()) return;
  Latest& latest = place->second;
  if (latest.second && latest.second->id == id) latest.second.reset();
  if (latest.first.id != id) return;
  if (latest.second) {
    latest.first = *std::exchange(latest.second, std::nullopt);
  } else {
    latest_.erase(place);
  }
}

void KeyTable::forget_kin(const Id128& key, const Id128& id) {
  const auto place = kin_.find(key);
  if (place != kin_.end() && place->second.forget(id)) kin_.erase(place);
}

}  // namespace railgun::page
