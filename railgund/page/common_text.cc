#include "railgund/page/common_text.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace railgun::page {
namespace {

// A stretch ends behind one of these, if it is long enough: shorter ones are found in many places.
constexpr std::string_view kEnds = ">\n;,}\"&";
constexpr std::size_t kLeastStretch = 32;
constexpr std::size_t kMostStretch = 256;
// Less is no help as a reference.
constexpr std::size_t kLeastText = 1024;
constexpr std::size_t kLeastShare = 8;  // one part in so many of the page

using Stretch = CommonText::Text::Stretch;

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

// The rows of a table have much in common: the second of two stretches that are the same is another one than the first.
void tell_apart(std::vector<Stretch>& all) {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::unordered_map<std::uint64_t, std::uint64_t> count;
  count.reserve(all.size());
  for (Stretch& one : all) one.hash += kOdd * count[one.hash]++;
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

// What an entry takes besides its hashes: its nodes in the list and the table, and a visitor with the text of its network.
constexpr std::size_t kEntryBytes = 192;
constexpr std::size_t kVisitorBytes = 112;

}  // namespace

const std::vector<Stretch>& CommonText::Text::stretches() {
  if (stretches_.empty()) {
    stretches_ = stretches_of(bytes_, hash_);
    tell_apart(stretches_);
  }
  return stretches_;
}

std::size_t CommonText::Watched::bytes() const {
  return kEntryBytes + common.capacity() * sizeof(common[0]) + visitors.size() * kVisitorBytes;
}

void CommonText::set_limit(std::size_t bytes) {
  limit_bytes_ = bytes;
  drop_oldest_over(bytes);
}

void CommonText::drop(Entry entry) {
  bytes_ -= entry->bytes();
  slots_.erase(entry->slot);
  watched_.erase(entry);
}

void CommonText::drop_oldest_over(std::size_t bytes) {
  while (bytes_ > bytes && !watched_.empty()) drop(watched_.begin());
}

void CommonText::forget(std::uint64_t link) {
  for (Entry entry = watched_.begin(); entry != watched_.end();) {
    const Entry next = std::next(entry);
    if (entry->place.link == link) drop(entry);
    entry = next;
  }
}

std::optional<Bytes> CommonText::received(const Place& place, Text& text, const Visitor& visitor, unsigned required,
                                          Instant now) {
  const std::size_t size = text.bytes().size();
  if (visitor.network.empty() || size < kLeastText || size > kMostPageBytes) return std::nullopt;
  while (!watched_.empty() && now - watched_.front().begun > kWithin) drop(watched_.begin());
  const std::uint64_t slot = place.link * kPages + std::hash<Id128>{}(place.page) % kPages;
  auto found = slots_.find(slot);
  if (found != slots_.end() && found->second->place.page != place.page) {
    drop(found->second);
    found = slots_.end();
  }
  Watched watched{.place = place, .slot = slot, .common = {}, .visitors = {}, .begun = now};
  std::vector<Stretch> common;
  if (found == slots_.end()) {
    common = text.stretches();
  } else {
    const Watched& before = *found->second;
    const bool was_here = std::ranges::any_of(before.visitors, [&](const Visitor& one) {
      return one.credentials == visitor.credentials || one.network == visitor.network;
    });
    if (was_here) return std::nullopt;
    common = in_order(text.stretches(), before.common);
    watched.visitors = before.visitors;
    watched.begun = before.begun;
  }
  watched.visitors.push_back(visitor);
  if (watched.visitors.size() < required) {
    watched.common.reserve(common.size());
    for (const Stretch& one : common) watched.common.push_back(one.hash);
    bytes_ += watched.bytes();
    if (found == slots_.end()) {
      slots_.emplace(slot, watched_.insert(watched_.end(), std::move(watched)));
    } else {
      bytes_ -= found->second->bytes();
      *found->second = std::move(watched);
    }
    drop_oldest_over(limit_bytes_);
    return std::nullopt;
  }
  if (found != slots_.end()) drop(found->second);
  Bytes bytes;
  for (const Stretch& one : common) append(bytes, one.bytes);
  if (bytes.size() < kLeastText || bytes.size() < size / kLeastShare) return std::nullopt;
  return bytes;
}

}  // namespace railgun::page
