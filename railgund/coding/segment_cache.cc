#include "railgund/coding/segment_cache.h"

#include <bit>
#include <cstring>
#include <utility>

#include "railgund/base/check.h"

namespace railgun::coding {
namespace {

// The node of the list, and its place in the map.
constexpr std::size_t kEntryBytes = 256;

std::size_t cost_of(const CodedSegment& segment) { return segment.coded.capacity() + kEntryBytes; }

}  // namespace

CodedSegment* SegmentCache::find(const Id128& key) {
  const auto place = places_.find(key);
  if (place == places_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, place->second);
  return &place->second->segment;
}

void SegmentCache::put(const Id128& key, CodedSegment segment) {
  if (const auto place = places_.find(key); place != places_.end()) drop(place->second);
  segment.coded.shrink_to_fit();
  const std::size_t cost = cost_of(segment);
  if (cost > limit_bytes_) return;
  while (bytes_ + cost > limit_bytes_) drop(std::prev(entries_.end()));
  entries_.push_front({key, std::move(segment)});
  places_.emplace(key, entries_.begin());
  bytes_ += cost;
}

void SegmentCache::drop(Entries::iterator entry) {
  bytes_ -= cost_of(entry->segment);
  places_.erase(entry->key);
  entries_.erase(entry);
}

SeenChunks::SeenChunks(std::size_t places) : table_(places) {
  RAILGUN_CHECK(places >= 2 && std::has_single_bit(places));
}

bool SeenChunks::note(const Id128& id) {
  std::uint64_t mark = 0;
  std::uint64_t place = 0;
  std::memcpy(&mark, id.bytes.data(), sizeof mark);
  std::memcpy(&place, id.bytes.data() + sizeof mark, sizeof place);
  place &= table_.size() - 2;
  std::uint64_t& newer = table_[place];
  std::uint64_t& older = table_[place + 1];
  if (newer == mark) return true;
  const bool was_there = older == mark;
  older = std::exchange(newer, mark);
  return was_there;
}

}  // namespace railgun::coding
