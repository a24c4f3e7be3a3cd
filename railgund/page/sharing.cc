#include "railgund/page/sharing.h"

#include <algorithm>
#include <functional>

#include "railgund/base/bytes.h"

namespace railgun::page {
namespace {

Id128 name_of(const Id128& page, const Id128& version) {
  Bytes text;
  ByteWriter out(text);
  out.bytes(page.bytes);
  out.bytes(version.bytes);
  return hash128(text);
}

std::uint32_t part_of(const Id128& visitor) { return static_cast<std::uint32_t>(std::hash<Id128>{}(visitor)); }

}  // namespace

bool Sharing::received(const Id128& page, const Id128& version, const Id128& visitor, unsigned required) {
  if (required <= 1) return true;
  if (watched_.empty()) watched_.resize(sets_ * kWays);
  const Id128 name = name_of(page, version);
  // The version that was asked for last comes first in its set, and takes the place of the one asked for longest ago.
  const auto set = watched_.begin() + static_cast<std::ptrdiff_t>(std::hash<Id128>{}(name) % sets_ * kWays);
  const auto set_end = set + static_cast<std::ptrdiff_t>(kWays);
  auto found = std::find_if(set, set_end, [&](const Watched& one) { return one.name == name; });
  if (found == set_end) *--found = Watched{.name = name};
  std::rotate(set, found, found + 1);
  Watched& watched = *set;
  const std::uint32_t part = part_of(visitor);
  const auto end =
      watched.seen.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(watched.visitors, watched.seen.size()));
  if (std::find(watched.seen.begin(), end, part) == end) {
    if (watched.visitors < watched.seen.size()) watched.seen[watched.visitors] = part;
    watched.visitors = std::min<std::uint32_t>(watched.visitors + 1, kMostVisitors);
  }
  return watched.visitors >= std::min(required, kMostVisitors);
}

}  // namespace railgun::page
