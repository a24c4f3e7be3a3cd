#include "railgund/page/kin.h"

#include <algorithm>
#include <utility>

namespace railgun::page {

void KinVersions::add(const Id128& id, MediaClass kind, const std::optional<Id128>& replaced) {
  auto place = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& one) { return one.kind == kind; });
  if (place == kinds_.end()) {
    if (kinds_.size() == kMostKinds) kinds_.pop_back();
    kinds_.insert(kinds_.begin(), Kind{.kind = kind, .first = id, .second = std::nullopt});
    return;
  }
  std::rotate(kinds_.begin(), place, place + 1);
  Kind& latest = kinds_.front();
  if (latest.first == id) return;
  if (latest.first == replaced || (latest.second != id && ++latest.since_first > kStays)) {
    latest.second = std::exchange(latest.first, id);
    latest.since_first = 0;
  } else {
    latest.second = id;
  }
}

void KinVersions::add_older(const Id128& id, MediaClass kind) {
  const auto place = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& one) { return one.kind == kind; });
  if (place == kinds_.end()) {
    if (kinds_.size() < kMostKinds) kinds_.push_back(Kind{.kind = kind, .first = id, .second = std::nullopt});
  } else if (place->first != id && !place->second) {
    place->second = id;
  }
}

std::vector<Id128> KinVersions::best(MediaClass expected) const {
  std::vector<Id128> ids;
  const auto is_expected = [&](const Kind& one) { return one.kind == expected; };
  const auto place = std::find_if(kinds_.begin(), kinds_.end(), is_expected);
  if (place != kinds_.end()) {
    ids.push_back(place->first);
    if (place->second) ids.push_back(*place->second);
  }
  for (auto other = kinds_.begin(); other != kinds_.end(); ++other) {
    if (other != place) ids.push_back(other->first);
  }
  for (auto other = kinds_.begin(); other != kinds_.end(); ++other) {
    if (other != place && other->second) ids.push_back(*other->second);
  }
  return ids;
}

bool KinVersions::forget(const Id128& id) {
  std::erase_if(kinds_, [&](Kind& one) {
    if (one.second == id) one.second.reset();
    if (one.first != id) return false;
    if (!one.second) return true;
    one.first = *std::exchange(one.second, std::nullopt);
    one.since_first = 0;
    return false;
  });
  return kinds_.empty();
}

}  // namespace railgun::page
