#include "railgund/page/cache.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "railgund/base/mutex.h"
#include "railgund/page/key_table.h"

namespace railgun::page {
namespace {

// Large enough for a page of the usual limit with its prepared state, small enough that workers seldom meet.
constexpr std::size_t kShardBytes = 64 << 20;
constexpr std::size_t kShardsMost = 16;
// About the smallest page with its bookkeeping, packed: how many pages the sketch should tell apart.
constexpr std::size_t kSmallPageBytes = 1024;
// Bases of templates may take one part in so many.
constexpr std::size_t kBasesShare = 8;
// The index of contents takes one part in so many: 170 bytes for each version, if these are of 20 KB.
constexpr std::size_t kContentsShare = 128;
// What visitors' pages have in common may take one part in so many, over all workers.
constexpr std::size_t kCommonParts = 32;
// Of pages under way: what they may take of a small cache all the same, and what is a small one.
constexpr std::size_t kLeastUnderWay = std::size_t{1} << 20;
constexpr std::size_t kSmallUnderWay = 128 * 1024;

std::size_t shards_for(std::size_t limit_bytes) {
  return std::bit_floor(std::clamp<std::size_t>(limit_bytes / kShardBytes, 1, kShardsMost));
}

// Of so many kin of one shape, the rest of the candidates are siblings.
constexpr std::size_t kShapesMost = 2;

}  // namespace

// Versions are in the shard of their id, keys in the shard of the key; no two locks are ever held at once. Between them
// a key may name a version that just left, or a version be there without its key: a candidate fewer, nothing worse.
struct Cache::Shard {
  Shard(CacheLimits limits, FrequencySketch& sketch) : pool(limits, sketch) {}

  Mutex mutex;
  VersionPool pool RAILGUN_GUARDED_BY(mutex);
  KeyTable keys RAILGUN_GUARDED_BY(mutex);
  std::uint64_t misses RAILGUN_GUARDED_BY(mutex) = 0;  // requests for which no key is known
};

Cache::Cache(CacheLimits limits)
    : limit_bytes_(limits.bytes),
      prepared_share_bytes_(limits.prepared_share_bytes),
      sketch_(limits.bytes / kSmallPageBytes),
      bases_(limits.bytes / kBasesShare),
      contents_(limits.bytes / kContentsShare) {
  const std::size_t count = shards_for(limits.bytes);
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(CacheLimits{}, sketch_));
}

std::size_t Cache::bytes_beside_pools() const {
  return sketch_.memory_bytes() + bases_.bytes() + contents_.memory_bytes() +
         common_bytes_.load(std::memory_order_relaxed);
}

// Without what all shards have in common.
CacheLimits Cache::limits_of_shard() const {
  const std::size_t limit = limit_bytes_.load(std::memory_order_relaxed);
  const std::size_t for_pools = limit - std::min(limit, bytes_beside_pools());
  const std::size_t prepared = std::min(prepared_share_bytes_.load(std::memory_order_relaxed), for_pools);
  return {.bytes = for_pools / shards_.size(), .prepared_share_bytes = prepared / shards_.size()};
}

void Cache::set_limits(CacheLimits limits) {
  limit_bytes_.store(limits.bytes, std::memory_order_relaxed);
  prepared_share_bytes_.store(limits.prepared_share_bytes, std::memory_order_relaxed);
  make_room();
}

void Cache::make_room() {
  for (const auto& shard : shards_) {
    change(*shard, [](VersionPool& pool, std::vector<Departed>& departed) { pool.make_room(departed); });
  }
}

Cache::~Cache() = default;

// Between reading and adding, other workers may add theirs: each is over by one page at most.
bool Cache::UnderWay::set(Cache& cache, std::size_t bytes) {
  if (bytes == bytes_) return true;
  std::atomic<std::size_t>& all = cache.under_way_bytes_;
  if (bytes > bytes_) {
    const std::size_t most = std::max(cache.limit_bytes_.load(std::memory_order_relaxed) / 4, kLeastUnderWay);
    const std::size_t others = all.load(std::memory_order_relaxed) - bytes_;
    const std::size_t for_large = most / 4 * 3;
    const std::size_t room =
        bytes <= kSmallUnderWay ? most - std::min(others, most) : (for_large - std::min(others, for_large)) / 2;
    if (bytes > room) {
      release();
      return false;
    }
  }
  cache_ = &cache;
  all.fetch_add(bytes - bytes_, std::memory_order_relaxed);
  bytes_ = bytes;
  return true;
}

void Cache::UnderWay::release() {
  if (cache_ != nullptr) cache_->under_way_bytes_.fetch_sub(std::exchange(bytes_, 0), std::memory_order_relaxed);
}

std::size_t Cache::CommonShare::limit(const Cache& cache) const {
  if (cache.shortage() >= Shortage::kKeepNothing) return 0;
  const std::size_t most = cache.limit_bytes_.load(std::memory_order_relaxed) / kCommonParts;
  const std::size_t others = cache.common_bytes_.load(std::memory_order_relaxed) - bytes_;
  return (most - std::min(most, others)) / 2;
}

void Cache::CommonShare::set(Cache& cache, std::size_t bytes) {
  cache_ = &cache;
  cache.common_bytes_.fetch_add(bytes - std::exchange(bytes_, bytes), std::memory_order_relaxed);
}

// By the last byte: the maps within a shard go by the first.
Cache::Shard& Cache::shard_of(const Id128& name) const { return *shards_[name.bytes.back() & (shards_.size() - 1)]; }

template <typename Work>
auto Cache::at(const Id128& key, Work work) const {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  return work(shard.keys);
}

std::optional<Id128> Cache::latest(const Id128& key) const {
  return at(key, [&](KeyTable& table) { return table.latest(key); });
}

VersionPtr Cache::find(const Id128& id, const Id128& site) {
  if (shortage() >= Shortage::kFindNothing) return nullptr;
  VersionPtr version;
  change(shard_of(id),
         [&](VersionPool& pool, std::vector<Departed>& departed) { version = pool.use(id, site, departed); });
  return version;
}

VersionPtr Cache::find(const Id128& id, const RequestKeys& keys) {
  if (shortage() >= Shortage::kFindNothing) return nullptr;
  VersionPtr version;
  change(shard_of(id), [&](VersionPool& pool, std::vector<Departed>& departed) {
    if (pool.is_for(id, keys.audiences())) version = pool.use(id, keys.own.site, departed);
  });
  return version;
}

void Cache::note_held(const Version& version, const Holder& holder) {
  const bool is_first = contents_.memory_bytes() == 0;
  contents_.add(holder, version.sketch(), version.id);
  // The versions have less room from now on.
  if (is_first) make_room();
}

void Cache::note_lost(const Id128& id, std::uint64_t process, const Audiences& audiences) {
  const VersionPtr version = peek(id);
  if (!version) return;
  contents_.forget({.process = process, .audience = audiences.own}, version->sketch(), id);
  if (audiences.open) contents_.forget({.process = process, .audience = *audiences.open}, version->sketch(), id);
}

VersionPtr Cache::find_alike(const Sketch& text, unsigned least, std::uint64_t process, const RequestKeys& keys) {
  if (shortage() >= Shortage::kFindNothing) return nullptr;
  const Audiences audiences = keys.audiences();
  VersionPtr best;
  const auto compare = [&](const Id128& audience) {
    for (const Id128& id : contents_.find({.process = process, .audience = audience}, text)) {
      VersionPtr version = peek(id, audiences);
      if (!version) continue;
      const unsigned likeness = text.likeness(version->sketch());
      if (likeness < least) continue;
      least = likeness + 1;
      best = std::move(version);
    }
  };
  compare(audiences.own);
  if (audiences.open) compare(*audiences.open);
  // As a use of it. What was unpacked for the comparison is not unpacked once more.
  return best && find(best->id, keys) ? best : nullptr;
}

std::vector<Candidate> Cache::candidates(const PageKeys& keys, const PageKeys* open) {
  std::vector<Candidate> found;
  if (shortage() >= Shortage::kFindNothing) return found;
  const auto add = [&](const Id128& id, FoundBy by) {
    const auto same = [&](const Candidate& one) { return one.version->id == id; };
    if (found.size() == kMostCandidates || std::ranges::any_of(found, same)) return;
    // Only the best one is a use.
    VersionPtr version = found.empty() ? find(id, keys.site) : peek(id);
    if (version) found.push_back({.version = std::move(version), .by = by});
  };
  const auto add_latest = [&](const PageKeys& of) {
    if (const auto id = latest(of.exact)) add(*id, FoundBy::kExact);
    if (const auto id = latest(of.address)) add(*id, FoundBy::kAddress);
  };
  const auto kin = [&](const PageKeys& of, const Id128& key, std::size_t most) {
    return at(key, [&](KeyTable& table) { return table.kin(key, of.media, most); });
  };
  const auto add_shapes = [&](const PageKeys& of) {
    if (of.shape == of.address) return;
    for (const Id128& id : kin(of, of.shape, kShapesMost)) add(id, FoundBy::kShape);
  };
  const auto add_siblings = [&](const PageKeys& of) {
    // What is no text is the same as before, or has nothing in common with its neighbours.
    if (of.media == MediaClass::kImage || of.media == MediaClass::kFont) return;
    for (const Id128& id : kin(of, of.sibling, kMostCandidates)) add(id, FoundBy::kSibling);
  };
  add_latest(keys);
  if (open != nullptr) add_latest(*open);
  add_shapes(keys);
  if (open != nullptr) add_shapes(*open);
  add_siblings(keys);
  if (open != nullptr) add_siblings(*open);
  if (found.empty()) {
    Shard& shard = shard_of(keys.exact);
    const MutexLock lock(shard.mutex);
    ++shard.misses;
  }
  return found;
}

VersionPtr Cache::peek(const Id128& id) const {
  Shard& shard = shard_of(id);
  const MutexLock lock(shard.mutex);
  return shard.pool.peek(id);
}

VersionPtr Cache::peek(const Id128& id, const Audiences& audiences) const {
  Shard& shard = shard_of(id);
  const MutexLock lock(shard.mutex);
  return shard.pool.is_for(id, audiences) ? shard.pool.peek(id) : nullptr;
}

const PageKeys& Cache::keys_to_keep(const Id128& id, const RequestKeys& keys) {
  if (!keys.open) return keys.own;
  return latest(keys.open->exact) == id && !latest(keys.own.exact) ? *keys.open : keys.own;
}

// What leaves is freed, and what is to be packed is packed, without the lock.
template <typename Change>
void Cache::change(Shard& shard, Change change) {
  const auto locked = [&](auto work) {
    std::vector<Departed> departed;
    std::optional<ToPack> cold;
    {
      const MutexLock lock(shard.mutex);
      shard.pool.set_limits(limits_of_shard());
      work(shard.pool, departed);
      cold = shard.pool.next_to_pack();
    }
    forget_all(departed);
    return cold;
  };
  std::optional<ToPack> cold = locked(change);
  while (cold) {
    auto packed = bases_.pack(cold->template_name, cold->version->reference.bytes());
    cold = locked([&](VersionPool& pool, std::vector<Departed>& departed) {
      pool.packed(cold->version->id, std::move(packed), departed);
    });
  }
}

KeyTable::Added Cache::name(const Numbered& version, const PageKeys& keys, bool is_newcomer) {
  const auto add = [&](const Id128& key) { return at(key, [&](KeyTable& table) { return table.add(key, version); }); };
  const KeyTable::Added exact = add(keys.exact);
  add(keys.address);
  const auto add_kin = [&](const Id128& key) {
    at(key, [&](KeyTable& table) {
      if (is_newcomer || exact.replaced) {
        table.add_kin(key, version.id, keys.media, exact.replaced);
      } else {
        table.add_older_kin(key, version.id, keys.media);
      }
    });
  };
  if (keys.shape != keys.address) add_kin(keys.shape);
  add_kin(keys.sibling);
  return exact;
}

void Cache::replace(const Id128& id) {
  Shard& shard = shard_of(id);
  const MutexLock lock(shard.mutex);
  shard.pool.replace(id);
}

bool Cache::insert(VersionPtr version, const PageKeys& keys) {
  if (shortage() >= Shortage::kKeepNothing) return false;
  const Numbered numbered{version->id, next_sequence()};
  // Keys first: a version that leaves takes its keys along, so none outlives it.
  const std::optional<Id128> replaced = name(numbered, keys, true).replaced;
  keep(std::move(version), keys.site, &keys, numbered.sequence);
  if (replaced) replace(*replaced);
  return replaced.has_value();
}

void Cache::insert(VersionPtr version, const Id128& site) {
  if (shortage() < Shortage::kKeepNothing) keep(std::move(version), site, nullptr, next_sequence());
}

void Cache::keep(VersionPtr version, const Id128& site, const PageKeys* keys, std::uint64_t sequence) {
  change(shard_of(version->id), [&](VersionPool& pool, std::vector<Departed>& departed) {
    pool.insert(std::move(version), site, keys, sequence, departed);
  });
}

std::vector<Numbered> Cache::numbered_since(std::uint64_t after) const {
  std::vector<Numbered> found;
  for (const auto& shard : shards_) {
    const MutexLock lock(shard->mutex);
    shard->pool.each([&](const Id128& id, std::uint64_t sequence) {
      if (sequence > after) found.push_back({id, sequence});
    });
  }
  std::ranges::sort(found, std::greater(), &Numbered::sequence);
  return found;
}

std::optional<KeptVersion> Cache::kept(const Id128& id) const {
  Shard& shard = shard_of(id);
  const MutexLock lock(shard.mutex);
  return shard.pool.kept(id);
}

void Cache::restore(const KeptVersion& kept) {
  if (shortage() >= Shortage::kKeepNothing) return;
  const Numbered numbered{kept.version->id, kept.sequence};
  std::vector<Id128> replaced;
  bool is_latest = kept.keys.empty();
  for (const PageKeys& keys : kept.keys) {
    const KeyTable::Added added = name(numbered, keys, false);
    is_latest = is_latest || !added.is_older;
    if (added.replaced) replaced.push_back(*added.replaced);
  }
  change(shard_of(numbered.id), [&](VersionPool& pool, std::vector<Departed>& departed) {
    pool.restore(kept, departed);
    if (!is_latest) pool.replace(numbered.id);
  });
  for (const Id128& id : replaced) replace(id);
}

void Cache::recount(const VersionPtr& version) {
  change(shard_of(version->id),
         [&](VersionPool& pool, std::vector<Departed>& departed) { pool.recount(version, departed); });
}

bool Cache::is_worth_preparing(const Id128& id) const {
  Shard& shard = shard_of(id);
  const MutexLock lock(shard.mutex);
  return shard.pool.is_worth_preparing(id);
}

void Cache::drop_prepared() {
  for (const auto& shard : shards_) {
    std::vector<Departed> departed;  // freed after the lock
    const MutexLock lock(shard->mutex);
    shard->pool.drop_prepared(departed);
  }
}

void Cache::erase(const Id128& id) {
  change(shard_of(id), [&](VersionPool& pool, std::vector<Departed>& departed) { pool.erase(id, departed); });
}

std::size_t Cache::purge(const PageKeys& keys) {
  std::size_t count = 0;
  for (const auto& shard : shards_) {
    std::vector<Departed> departed;
    {
      const MutexLock lock(shard->mutex);
      count += shard->pool.erase_page(keys.page, departed);
    }
    forget_all(departed);
  }
  return count;
}

std::size_t Cache::clear() {
  std::size_t count = 0;
  for (const auto& shard : shards_) {
    std::vector<Departed> departed;
    {
      const MutexLock lock(shard->mutex);
      count += shard->pool.clear(departed);
    }
    forget_all(departed);
  }
  return count;
}

CacheCounters Cache::counters() const {
  CacheCounters sum;
  sum.bytes = bytes_beside_pools();
  for (const auto& shard : shards_) {
    const MutexLock lock(shard->mutex);
    sum.hits += shard->pool.hits();
    sum.misses += shard->misses + shard->pool.misses();
    sum.insertions += shard->pool.insertions();
    sum.evictions += shard->pool.evictions();
    sum.refused += shard->pool.refused();
    sum.bytes += shard->pool.bytes();
    sum.prepared_bytes += shard->pool.prepared_bytes();
    sum.prepared_drops += shard->pool.prepared_drops();
    sum.versions += shard->pool.versions();
    sum.packed_versions += shard->pool.packed_versions();
  }
  return sum;
}

void Cache::forget_all(const std::vector<Departed>& departed) {
  for (const Departed& gone : departed) {
    const auto is_in_use = [&](Id128 PageKeys::* which, const Id128& key) {
      return std::ranges::find(gone.remaining, key, which) != gone.remaining.end();
    };
    for (const PageKeys& keys : gone.keys) {
      for (const auto which : {&PageKeys::exact, &PageKeys::address}) {
        const Id128& key = keys.*which;
        if (!is_in_use(which, key)) at(key, [&](KeyTable& table) { table.forget(key, gone.id); });
      }
      for (const auto which : {&PageKeys::shape, &PageKeys::sibling}) {
        const Id128& key = keys.*which;
        if (!is_in_use(which, key)) at(key, [&](KeyTable& table) { table.forget_kin(key, gone.id); });
      }
    }
  }
}

}  // namespace railgun::page
