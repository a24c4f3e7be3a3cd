// The versions of one shard of the cache and the order in which they leave. Not thread-safe: the shard locks.
//
// Four queues: a small window for newcomers; probation and, for what was asked for again, a protected part; and
// versions that a newer one of their page has replaced, which leave first of all. When room is needed, the window's
// oldest and the oldest on probation meet, and the page asked for less often leaves: so a scan passes through the
// window.
//
// A page is kept in up to three forms: packed (a fifth of it or less), unpacked, and with state prepared for coding (a
// dozen times its size). Prepared state and unpacked bytes use all the room that versions leave, and give way to them:
// first prepared state, then unpacked bytes, those used least recently first. Pages that are asked for often keep
// theirs, within a share of the memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "railgund/page/frequency_sketch.h"
#include "railgund/page/kept_version.h"
#include "railgund/page/page_key.h"
#include "railgund/page/version.h"

namespace railgun::page {

// What the pool let go: a version; or (with `version` null) keys that a version had too many of, or prepared state of a
// version that stays; or, without keys, a form of a version that stays in another. Given to the caller so that memory is
// freed and keys are forgotten outside the lock.
struct Departed {
  Id128 id;
  VersionPtr version;
  std::vector<PageKeys> keys;
  std::shared_ptr<const void> prepared = nullptr;
  // Of a version that stays: the keys that it still has. What they have in common with `keys` is not forgotten.
  std::vector<PageKeys> remaining{};
};

// A version that has to be packed, by whoever called the pool and outside its lock.
struct ToPack {
  VersionPtr version;
  Id128 template_name;  // PageKeys::sibling; of a version without keys, its id
};

// Limits of a pool or a cache, in bytes.
struct CacheLimits {
  std::size_t bytes = 0;                 // versions, prepared state and bookkeeping
  std::size_t prepared_share_bytes = 0;  // of those: prepared state above this leaves before any version does
};

class VersionPool {
 public:
  // `sketch` outlives the pool.
  VersionPool(CacheLimits limits, FrequencySketch& sketch) : limits_(limits), sketch_(sketch) {}
  // Pages over this are not packed: it would take more than a millisecond.
  static constexpr std::size_t kMostPacked = 512 << 10;
  // A pool may exceed its limit by so much while versions are being packed.
  static constexpr std::size_t kPackingSlack = 2 * kMostPacked;

  // Entries and queues point at each other.
  VersionPool(const VersionPool&) = delete;
  VersionPool& operator=(const VersionPool&) = delete;

  // Null if it is not there, or not of that site. A use keeps the version and its prepared state longer, and charges what
  // was prepared since. Of a packed version this is a copy, which unpacks its page when that is needed; recount() makes
  // it the pool's.
  VersionPtr use(const Id128& id, const Id128& site, std::vector<Departed>& departed);
  // It is there, and was kept under keys of one of these audiences.
  bool is_for(const Id128& id, const Audiences& audiences) const;
  // As use() without being one, for any site.
  VersionPtr peek(const Id128& id) const;

  // `keys`: null if none are known. A version that is there already is used and gets site and keys too. One larger than
  // the whole pool departs at once. `sequence`: larger than of those before it.
  void insert(VersionPtr version, const Id128& site, const PageKeys* keys, std::uint64_t sequence,
              std::vector<Departed>& departed);
  // Keeps a version of another pool as that kept it, behind all that are here. If it is here, it gets the keys that are
  // new.
  void restore(const KeptVersion& kept, std::vector<Departed>& departed);
  // What restore() takes; nothing if it is not here.
  std::optional<KeptVersion> kept(const Id128& id) const;
  // Calls `look` with the id and sequence of each version.
  template <typename Look>
  void each(Look look) const {
    for (const auto& [id, entry] : entries_) look(id, entry.sequence);
  }
  // After a use: charges what was prepared since, and keeps the unpacked page of a version from use().
  void recount(const VersionPtr& version, std::vector<Departed>& departed);
  // The pool is over its limit, and a version can be packed. Once it is, packed() says so, with null if it does not get
  // smaller. The pool evicts none as long as a few are being packed.
  std::optional<ToPack> next_to_pack();
  void packed(const Id128& id, std::shared_ptr<const delta::PackedPage> page, std::vector<Departed>& departed);
  // A newer version of a page is there. It is the first to leave unless it is another page's version, too.
  void replace(const Id128& id);
  // State prepared for this version now would have room, or more reason to stay than what it would displace.
  bool is_worth_preparing(const Id128& id) const;
  // Drops all prepared state.
  void drop_prepared(std::vector<Departed>& departed);

  bool erase(const Id128& id, std::vector<Departed>& departed);
  // All versions of the page of that key (PageKeys::page). Says how many.
  std::size_t erase_page(const Id128& page, std::vector<Departed>& departed);
  std::size_t clear(std::vector<Departed>& departed);

  // From now on. Who has no room under the new limits leaves with the next change, or make_room().
  void set_limits(CacheLimits limits) { limits_ = limits; }
  void make_room(std::vector<Departed>& departed);

  std::size_t bytes() const { return page_bytes_ + prepared_bytes_; }
  std::size_t prepared_bytes() const { return prepared_bytes_; }
  std::size_t versions() const { return entries_.size(); }
  std::size_t packed_versions() const { return packed_versions_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }
  std::uint64_t insertions() const { return insertions_; }
  // Left for want of room; of those, newcomers that were not worth the room or too large.
  std::uint64_t evictions() const { return evictions_; }
  std::uint64_t refused() const { return refused_; }
  // How often prepared state was dropped for want of room.
  std::uint64_t prepared_drops() const { return prepared_drops_; }

 private:
  enum class Queue : std::uint8_t { kReplaced, kWindow, kProbation, kProtected };
  struct Entry;
  using EntryList = std::list<Entry*>;
  struct Entry {
    VersionPtr version;
    Id128 page;  // whose frequency counts: the exact key, or the id where no key is known
    std::vector<PageKeys> keys;
    std::vector<Id128> sites;    // one, but for pages that sites have in common; the latest few
    std::uint64_t sequence = 0;  // of its latest insert()
    std::size_t charged = 0;     // without prepared state
    std::size_t prepared = 0;    // prepared state; if not 0, the entry is in prepared_
    std::size_t unpacked = 0;    // of charged: page bytes that packing would free; if not 0, the entry is in unpacked_
    bool can_be_packed = true;   // not while it is being packed, nor after that failed
    bool is_packed = false;
    Queue queue = Queue::kWindow;
    EntryList::iterator place;
    EntryList::iterator prepared_place;
    EntryList::iterator unpacked_place;
  };
  static constexpr std::size_t kQueues = 4;

  Queue queue_for(Standing standing) const;
  EntryList& list(Queue queue) { return lists_[static_cast<std::size_t>(queue)]; }
  std::size_t& list_bytes(Queue queue) { return list_bytes_[static_cast<std::size_t>(queue)]; }
  std::size_t window_budget() const;
  std::size_t protected_budget() const;

  static void add_site(Entry& entry, const Id128& site);
  void add_keys(Entry& entry, const PageKeys& keys, std::vector<Departed>& departed);
  void charge(Entry& entry);
  void charge_prepared(Entry& entry, std::size_t now);
  void charge_unpacked(Entry& entry, std::size_t now);
  void set_packed(Entry& entry, bool now);
  static VersionPtr handed_out(const Entry& entry);
  void adopt(Entry& entry, const VersionPtr& version, std::vector<Departed>& departed);
  void put(Entry& entry, std::shared_ptr<const delta::PackedPage> page, std::vector<Departed>& departed);
  void move_to_front(Entry& entry, Queue queue);
  void touch(Entry& entry);
  void leave_if_too_large(Entry& entry, std::vector<Departed>& departed);
  void drop_prepared(Entry& entry, std::vector<Departed>& departed);
  // Of the few that were used least recently, the one asked for least often.
  Entry& least_wanted(const EntryList& list) const;
  // Whose prepared state, or unpacked page, is to leave next; null: none before a version does.
  Entry* next_prepared();
  Entry* next_unpacked();
  bool is_often_asked(const Entry& entry) const;
  // Of the oldest in the window and the oldest outside.
  bool is_less_wanted(const Entry& newcomer, const Entry& settled);
  void let_go(Entry& entry, std::vector<Departed>& departed);

  CacheLimits limits_;
  FrequencySketch& sketch_;
  std::unordered_map<Id128, Entry> entries_;
  std::array<EntryList, kQueues> lists_;  // most recently used first
  std::array<std::size_t, kQueues> list_bytes_{};
  EntryList prepared_;  // entries with prepared state, most recently used first
  EntryList unpacked_;  // entries that can be packed and have no prepared state, likewise
  std::size_t page_bytes_ = 0, prepared_bytes_ = 0, unpacked_bytes_ = 0, packed_versions_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0, insertions_ = 0;
  std::uint64_t evictions_ = 0, refused_ = 0, prepared_drops_ = 0;
};

}  // namespace railgun::page
