#include "railgund/page/common_text.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

namespace railgun::page {
namespace {

// A stretch ends behind one of these, if it is long enough: shorter ones are found in many places.
constexpr std::string_view kEnds = ">\n;,}";
constexpr std::size_t kLeastStretch = 32;
constexpr std::size_t kMostStretch = 256;
// Less is no help as a reference.
constexpr std::size_t kLeastText = 1024;
constexpr std::size_t kLeastShare = 8;  // one part in so many of the page

struct Stretch {
  std::uint64_t hash;
  ByteView bytes;
};

std::vector<Stretch> stretches_of(ByteView text, const KeyedHash& hash) {
  std::vector<Stretch> all;
  for (std::size_t begin = 0, at = 0; at < text.size(); ++at) {
    const std::size_t length = at + 1 - begin;
    const bool is_end = length >= kLeastStretch && kEnds.find(static_cast<char>(text[at])) != std::string_view::npos;
    if (!is_end && length < kMostStretch && at + 1 < text.size()) continue;
    const ByteView bytes = text.subspan(begin, length);
    all.push_back({.hash = ByteReader(ByteView(hash(bytes).bytes)).u64(), .bytes = bytes});
    begin = at + 1;
  }
  return all;
}

// Without those that come more than once: where they belong is not known.
void keep_unique(std::vector<Stretch>& all) {
  std::unordered_map<std::uint64_t, int> count;
  for (const Stretch& one : all) ++count[one.hash];
  std::erase_if(all, [&](const Stretch& one) { return count[one.hash] > 1; });
}

// The longest part of `stretches` that is in `common`, in the same order (the longest increasing sequence of places).
std::vector<Stretch> in_order(const std::vector<Stretch>& stretches, const std::vector<std::uint64_t>& common) {
  std::unordered_map<std::uint64_t, std::size_t> place_of;
  for (std::size_t i = 0; i < common.size(); ++i) place_of.emplace(common[i], i);
  constexpr std::size_t kNone = SIZE_MAX;
  std::vector<std::size_t> place(stretches.size(), kNone);
  std::vector<std::size_t> before(stretches.size(), kNone);
  std::vector<std::size_t> ends;  // of the sequences of each length, the one whose last place is the lowest
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    const auto found = place_of.find(stretches[i].hash);
    if (found == place_of.end()) continue;
    place[i] = found->second;
    const auto at = std::lower_bound(ends.begin(), ends.end(), place[i],
                                     [&](std::size_t end, std::size_t wanted) { return place[end] < wanted; });
    if (at != ends.begin()) before[i] = *(at - 1);
    if (at == ends.end()) {
      ends.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<Stretch> longest;
  for (std::size_t i = ends.empty() ? kNone : ends.back(); i != kNone; i = before[i]) longest.push_back(stretches[i]);
  std::reverse(longest.begin(), longest.end());
  return longest;
}

}  // namespace

std::optional<Bytes> CommonText::received(const Id128& page, ByteView text, const Visitor& visitor, unsigned required,
                                          const KeyedHash& hash, Instant now) {
  if (visitor.network.empty() || text.size() < kLeastText || text.size() > kMostPageBytes) return std::nullopt;
  if (watched_.empty()) watched_.resize(kPages);
  Watched& watched = watched_[std::hash<Id128>{}(page) % kPages];
  if (watched.page != page || (!watched.visitors.empty() && now - watched.begun > kWithin))
    watched = Watched{.page = page, .common = {}, .visitors = {}};
  const bool was_here = std::ranges::any_of(watched.visitors, [&](const Visitor& one) {
    return one.credentials == visitor.credentials || one.network == visitor.network;
  });
  if (was_here) return std::nullopt;

  std::vector<Stretch> stretches = stretches_of(text, hash);
  keep_unique(stretches);
  if (watched.visitors.empty()) {
    watched.begun = now;
  } else {
    stretches = in_order(stretches, watched.common);
  }
  watched.visitors.push_back(visitor);
  if (watched.visitors.size() < required) {
    watched.common.clear();
    for (const Stretch& one : stretches) watched.common.push_back(one.hash);
    return std::nullopt;
  }
  watched = Watched{.page = page, .common = {}, .visitors = {}};
  Bytes common;
  for (const Stretch& one : stretches) append(common, one.bytes);
  if (common.size() < kLeastText || common.size() < text.size() / kLeastShare) return std::nullopt;
  return common;
}

}  // namespace railgun::page
