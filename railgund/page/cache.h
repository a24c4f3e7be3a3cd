// Page versions in memory, bounded in bytes, shared by all workers: sharded, a short lock a look-up. Kept by frequency
// and recency, so that a crawler's scan does not empty it (W-TinyLFU, Einziger et al.,
// https://arxiv.org/abs/1512.00727).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "railgund/page/content_index.h"
#include "railgund/page/frequency_sketch.h"
#include "railgund/page/kept_version.h"
#include "railgund/page/key_table.h"
#include "railgund/page/page_key.h"
#include "railgund/page/sketch.h"
#include "railgund/page/template_bases.h"
#include "railgund/page/version.h"
#include "railgund/page/version_pool.h"

namespace railgun::page {

struct CacheCounters {
  std::uint64_t hits = 0, misses = 0;  // requests for candidates, and look-ups by id
  std::uint64_t insertions = 0, evictions = 0;
  std::uint64_t refused = 0;  // newcomers that were too large, or less asked for than what would have had to leave
  std::size_t bytes = 0, versions = 0;
  std::size_t prepared_bytes = 0;    // of `bytes`: state prepared for coding
  std::uint64_t prepared_drops = 0;  // how often such state was dropped for want of room
  std::size_t packed_versions = 0;   // of `versions`: those whose page is packed
};

// What a shortage of memory forbids. Each includes those before it.
enum class Shortage : std::uint8_t {
  kNone,
  kKeepNothing,   // insert() keeps nothing
  kFindNothing,   // find() and candidates() find nothing, so pages are coded without references
  kServeNothing,  // nothing that the cache does: requests are answered by 503
};

// By what a candidate was found.
enum class FoundBy : std::uint8_t { kExact, kAddress, kShape, kSibling, kStore, kContent };

struct Candidate {
  VersionPtr version;
  FoundBy by;
};

// Thread-safe.
class Cache {
 public:
  // A page that is under way and may become a version. Its bytes count, over all workers, until it ends: clients that
  // take their answers slowly, or not at all, make the process hold no more than a quarter of the cache's limit (and 1 MB
  // of a small cache). A page of more than 128 KB gets no more than half of what others leave of three quarters of
  // that, so that there is room for the next one, and for smaller ones.
  class UnderWay {
   public:
    UnderWay() = default;
    UnderWay(UnderWay&& other) noexcept
        : cache_(std::exchange(other.cache_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    UnderWay& operator=(UnderWay&&) = delete;
    ~UnderWay() { release(); }

    // The page has grown to so many bytes. False: there is no room for it, nothing of it counts any more, and it is not
    // to be kept. `cache`: the same each time; it outlives this.
    bool set(Cache& cache, std::size_t bytes);

   private:
    void release();

    Cache* cache_ = nullptr;  // null: nothing counts
    std::size_t bytes_ = 0;
  };

  // What one worker holds of what visitors' pages have in common (CommonText). It counts within the cache's limit, of which
  // all workers together may use a thirty-second, until it ends.
  class CommonShare {
   public:
    CommonShare() = default;
    CommonShare(CommonShare&& other) noexcept
        : cache_(std::exchange(other.cache_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    CommonShare& operator=(CommonShare&&) = delete;
    ~CommonShare() {
      if (cache_ != nullptr) set(*cache_, 0);
    }

    // The most this worker may hold now: half of what the others leave, so that all come to hold the same. Nothing while a
    // shortage forbids to keep versions.
    std::size_t limit(const Cache& cache) const;
    // It holds so many bytes. `cache`: the same each time; it outlives this.
    void set(Cache& cache, std::size_t bytes);

   private:
    Cache* cache_ = nullptr;  // null: nothing counts
    std::size_t bytes_ = 0;
  };

  // Prepared state counts as it was when each version was last looked up or recounted. A version larger than a shard
  // (64 MB or more; all of a smaller limit) is not kept.
  explicit Cache(CacheLimits limits);
  // With a fifth of it as the share of prepared state.
  explicit Cache(std::size_t limit_bytes) : Cache(CacheLimits{limit_bytes, limit_bytes / 5}) {}
  // Versions are numbered from here on: above all that restore() will bring, so that what is inserted is newer.
  void number_from(std::uint64_t sequence) { next_sequence_.store(sequence, std::memory_order_relaxed); }
  ~Cache();

  // The version of that id, or null if there is none or it is not of that site: whoever learns the id of another
  // site's version finds nothing by it.
  VersionPtr find(const Id128& id, const Id128& site);
  // The same of a version that was found by its content: null if it was not kept for an audience of these keys. So one
  // visitor's page is never another's reference, whatever the other end believes.
  VersionPtr find(const Id128& id, const RequestKeys& keys);

  // Up to four versions for a request with these keys, best first and without repeats: the latest of the exact key, the
  // latest of the address, two of the same shape, siblings (KinVersions). `open`: keys of the same page for everybody,
  // whose exact version and address come before the first keys' kin, and whose kin come last; null: none.
  static constexpr std::size_t kMostCandidates = 4;
  std::vector<Candidate> candidates(const PageKeys& keys, const PageKeys* open = nullptr);

  // Under which of a request's keys its version is to be kept: everybody's, if it is the latest there and the visitor has none of
  // his own. A version has a bounded number of keys, and those of visitors would displace everybody's.
  const PageKeys& keys_to_keep(const Id128& id, const RequestKeys& keys);

  // Keeps a version and makes it the latest of its keys. The versions it replaces under the exact key leave first.
  // True if it replaced one: the page was asked for before.
  bool insert(VersionPtr version, const PageKeys& keys);
  // Keeps a version under its id alone, for one site (it came from the store).
  void insert(VersionPtr version, const Id128& site);

  // For the next process (page/snapshot.h). The ids of versions inserted with a sequence above `after`, newest first.
  // Looks at every version that is kept.
  std::vector<Numbered> numbered_since(std::uint64_t after) const;
  // Nothing if it has left. Of a packed version a copy, so that to read its bytes unpacks nothing here.
  std::optional<KeptVersion> kept(const Id128& id) const;
  // Keeps a version of another process as that kept it, behind all that are here. Under keys of which this cache knows
  // a newer version it is an older one.
  void restore(const KeptVersion& kept);

  // For a listener, which looks for references by content. A sender process (Holder) keeps this version, too, for that
  // audience.
  void note_held(const Version& version, const Holder& holder);
  // It has turned out that the process does not, not for these audiences.
  void note_lost(const Id128& id, std::uint64_t process, const Audiences& audiences);
  // Of the versions that this process keeps for the audiences of these keys, the one that is most like the text, if at
  // least so many places of their sketches are the same; or null.
  VersionPtr find_alike(const Sketch& text, unsigned least, std::uint64_t process, const RequestKeys& keys);

  // After a use of a version that was looked up: charges what was prepared for it, and keeps its page unpacked if there
  // is room. Others, or it, may have to leave.
  void recount(const VersionPtr& version);
  // State prepared for this version now would stay. For those who prepare ahead of a request.
  bool is_worth_preparing(const Id128& id) const;
  // Drops all prepared state. The versions stay.
  void drop_prepared();

  // Forgets a version that proved useless or wrong.
  void erase(const Id128& id);
  // Forgets every version of a page, whoever asked for it; all versions of all pages. Says how many went.
  std::size_t purge(const PageKeys& keys);
  std::size_t clear();

  // Changes the limits. The number of shards stays as it was made.
  void set_limits(CacheLimits limits);
  void set_shortage(Shortage shortage) { shortage_.store(shortage, std::memory_order_relaxed); }
  Shortage shortage() const { return shortage_.load(std::memory_order_relaxed); }

  CacheCounters counters() const;
  // Of all pages that are under way.
  std::size_t under_way_bytes() const { return under_way_bytes_.load(std::memory_order_relaxed); }

 private:
  struct Shard;

  std::size_t bytes_beside_pools() const;
  CacheLimits limits_of_shard() const;
  void make_room();
  void keep(VersionPtr version, const Id128& site, const PageKeys* keys, std::uint64_t sequence);
  std::uint64_t next_sequence() { return next_sequence_.fetch_add(1, std::memory_order_relaxed); }
  Shard& shard_of(const Id128& name) const;
  // Calls work(KeyTable&) with the key's table.
  template <typename Work>
  auto at(const Id128& key, Work work) const;
  std::optional<Id128> latest(const Id128& key) const;
  // Enters a version under all of its keys: a newcomer, or one that may be older than what is there. As under `exact`.
  KeyTable::Added name(const Numbered& version, const PageKeys& keys, bool is_newcomer);
  void replace(const Id128& id);
  VersionPtr peek(const Id128& id) const;
  VersionPtr peek(const Id128& id, const Audiences& audiences) const;
  void forget_all(const std::vector<Departed>& departed);
  // Changes a shard's pool, and packs what it then has to pack.
  template <typename Change>
  void change(Shard& shard, Change change);

  std::atomic<Shortage> shortage_ = Shortage::kNone;
  std::atomic<std::size_t> limit_bytes_, prepared_share_bytes_;
  std::atomic<std::size_t> under_way_bytes_ = 0;
  std::atomic<std::size_t> common_bytes_ = 0;  // of all CommonShare
  std::atomic<std::uint64_t> next_sequence_ = 1;
  FrequencySketch sketch_;
  TemplateBases bases_;
  ContentIndex contents_;
  std::vector<std::unique_ptr<Shard>> shards_;  // a power of two
};

}  // namespace railgun::page
