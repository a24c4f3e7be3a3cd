// Page versions in memory, bounded in bytes, shared by all workers: sharded, a short lock a look-up. Kept by frequency
// and recency, so that a crawler's scan does not empty it (W-TinyLFU, Einziger et al.,
// https://arxiv.org/abs/1512.00727).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "railgund/page/frequency_sketch.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"
#include "railgund/page/version_pool.h"

namespace railgun::page {

struct CacheCounters {
  std::uint64_t hits = 0, misses = 0;  // requests for candidates, and look-ups by id
  std::uint64_t insertions = 0, evictions = 0;
  std::uint64_t refused = 0;  // newcomers that were too large, or less asked for than what would have had to leave
  std::size_t bytes = 0, versions = 0;
};

// Thread-safe.
class Cache {
 public:
  // `limit_bytes`: all versions with their prepared state (as it was when each was last looked up or recounted)
  // and our own bookkeeping. A version larger than a shard (64 MB or more; all of a smaller limit) is not kept.
  explicit Cache(std::size_t limit_bytes);
  ~Cache();

  // The version of that id, or null.
  VersionPtr find(const Id128& id);

  // Up to four versions for a request with these keys, best first and without repeats: the latest of the exact key, the
  // latest of the address, the latest two siblings.
  std::vector<VersionPtr> candidates(const PageKeys& keys);

  // Keeps a version and makes it the latest of its keys. The versions it replaces under the exact key leave first.
  // True if it replaced one: the page was asked for before.
  bool insert(VersionPtr version, const PageKeys& keys);
  // Keeps a version under its id alone (it came from the store).
  void insert(VersionPtr version);

  // Charges what a version has grown by since it was inserted or looked up; others, or it, may have to leave.
  void recount(const Id128& id);

  // Forgets a version that proved useless or wrong.
  void erase(const Id128& id);
  // Forgets every version of an address, whatever the cookies' class; all versions of all pages. Says how many went.
  std::size_t purge(const PageKeys& keys);
  std::size_t clear();

  CacheCounters counters() const;

 private:
  struct Shard;

  Shard& shard_of(const Id128& name) const;
  // Makes `id` the latest under a key; gives the one that was.
  std::optional<Id128> remember(const Id128& key, const Id128& id);
  void forget(const Id128& key, const Id128& id);
  void forget_all(const std::vector<Departed>& departed);
  template <typename Change>
  void change(const Id128& id, Change change);

  FrequencySketch sketch_;
  std::vector<std::unique_ptr<Shard>> shards_;  // a power of two
};

}  // namespace railgun::page
