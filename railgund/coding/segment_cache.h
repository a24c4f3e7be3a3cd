// Coded segments of pages, kept so that a page which comes again is not coded again: what has not changed is copied as
// it was coded. One for each worker; bounded in bytes, the least recently used go first.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"

namespace railgun::coding {

// The text before a segment that its coded form copies from, at most as far back as deflate reaches.
inline constexpr std::size_t kContextBytes = 32 * 1024;
inline constexpr std::size_t kGrainBytes = 128;
// Bit n stands for the n-th grain before the segment, the nearest first.
using Grains = std::bitset<kContextBytes / kGrainBytes>;

struct CodedSegment {
  Bytes coded = {};
  std::uint32_t crc = 0;  // of the text
  std::size_t text_bytes = 0;
  Grains grains = {};      // of the context, that `coded` copies from
  Id128 grains_hash = {};  // of the text of those grains
  Id128 context = {};      // under which `grains_hash` was last seen to be right
};

class SegmentCache {
 public:
  explicit SegmentCache(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Valid until the next put(); null if it is not there.
  CodedSegment* find(const Id128& key);
  // Replaces what had that key. A segment over the limit is not kept.
  void put(const Id128& key, CodedSegment segment);

  std::size_t bytes() const { return bytes_; }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Id128 key;
    CodedSegment segment;
  };
  using Entries = std::list<Entry>;  // most recently used first

  void drop(Entries::iterator entry);

  std::size_t limit_bytes_;
  std::size_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<Id128, Entries::iterator> places_;
};

// Which chunks were in a page lately: a table of fixed size, in pairs of places of which a new chunk takes that of the
// older one.
class SeenChunks {
 public:
  explicit SeenChunks(std::size_t places);  // a power of two, at least 2; 8 bytes each
  // Notes it, and says whether it was there.
  bool note(const Id128& id);

 private:
  std::vector<std::uint64_t> table_;
};

}  // namespace railgun::coding
