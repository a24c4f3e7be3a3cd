// Page versions in memory, bounded in bytes, shared by all workers: sharded, a short lock a look-up. Kept by frequency
// and recency, so that a crawler's scan does not empty it (W-TinyLFU, Einziger et al., https://arxiv.org/abs/1512.00727).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "railgund/page/page_key.h"
#include "railgund/page/version.h"

namespace railgun::page {

struct CacheCounters {
  std::uint64_t hits = 0, misses = 0, insertions = 0, evictions = 0, refused = 0;
  std::size_t bytes = 0, versions = 0;
};

// Thread-safe.
class Cache {
 public:
  // `limit_bytes`: all versions with their prepared state and our own bookkeeping.
  explicit Cache(std::size_t limit_bytes);
  ~Cache();

  // The version of that id, or null.
  VersionPtr find(const Id128& id);

  // Up to four versions for a request with these keys, best first and without repeats: the latest of the exact key, the
  // latest of the address, the latest two siblings.
  std::vector<VersionPtr> candidates(const PageKeys& keys);

  // Keeps a version and makes it the latest of its keys. The versions it replaces under the exact key leave first.
  void insert(VersionPtr version, const PageKeys& keys);
  // Keeps a version under its id alone (it came from the store).
  void insert(VersionPtr version);

  // Forgets a version that proved useless or wrong.
  void erase(const Id128& id);
  // Forgets the versions of a page; all of them. Says how many went.
  std::size_t purge(const PageKeys& keys);
  std::size_t clear();

  CacheCounters counters() const;

 private:
  struct Shard;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace railgun::page
