#include "railgund/page/cache.h"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "railgund/base/mutex.h"
#include "railgund/page/kin.h"

namespace railgun::page {
namespace {

// Large enough for a page of the usual limit with its prepared state, small enough that workers seldom meet.
constexpr std::size_t kShardBytes = 64 << 20;
constexpr std::size_t kShardsMost = 16;
// About the smallest page with its bookkeeping: how many pages the sketch should tell apart.
constexpr std::size_t kSmallPageBytes = 4096;

std::size_t shards_for(std::size_t limit_bytes) {
  return std::bit_floor(std::clamp<std::size_t>(limit_bytes / kShardBytes, 1, kShardsMost));
}

// The latest two versions under a key, the latest first.
struct Latest {
  Id128 first;
  std::optional<Id128> second;
};

// Of so many kin of one shape, the rest of the candidates are siblings.
constexpr std::size_t kShapesMost = 2;

}  // namespace

// Versions are in the shard of their id, keys in the shard of the key; no two locks are ever held at once. Between them
// a key may name a version that just left, or a version be there without its key: a candidate fewer, nothing worse.
struct Cache::Shard {
  Shard(CacheLimits limits, FrequencySketch& sketch) : pool(limits, sketch) {}

  Mutex mutex;
  VersionPool pool RAILGUN_GUARDED_BY(mutex);
  std::unordered_map<Id128, Latest> latest RAILGUN_GUARDED_BY(mutex);    // of exact keys and addresses
  std::unordered_map<Id128, KinVersions> kin RAILGUN_GUARDED_BY(mutex);  // of shapes and siblings
  std::uint64_t hits RAILGUN_GUARDED_BY(mutex) = 0;
  std::uint64_t misses RAILGUN_GUARDED_BY(mutex) = 0;
  std::uint64_t insertions RAILGUN_GUARDED_BY(mutex) = 0;
};

Cache::Cache(CacheLimits limits) : sketch_(limits.bytes / kSmallPageBytes) {
  const std::size_t count = shards_for(limits.bytes);
  const CacheLimits each = limits_of_shard(limits, count);
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(each, sketch_));
}

CacheLimits Cache::limits_of_shard(CacheLimits limits, std::size_t shards) const {
  const std::size_t for_pools = limits.bytes - std::min(limits.bytes, sketch_.memory_bytes());
  return {.bytes = for_pools / shards,
          .prepared_share_bytes = std::min(limits.prepared_share_bytes, for_pools) / shards};
}

void Cache::set_limits(CacheLimits limits) {
  const CacheLimits each = limits_of_shard(limits, shards_.size());
  for (const auto& shard : shards_) {
    std::vector<Departed> departed;
    {
      const MutexLock lock(shard->mutex);
      shard->pool.set_limits(each, departed);
    }
    forget_all(departed);
  }
}

Cache::~Cache() = default;

// By the last byte: the maps within a shard go by the first.
Cache::Shard& Cache::shard_of(const Id128& name) const { return *shards_[name.bytes.back() & (shards_.size() - 1)]; }

VersionPtr Cache::find(const Id128& id, const Id128& site) {
  if (shortage() >= Shortage::kFindNothing) return nullptr;
  std::vector<Departed> departed;
  VersionPtr version;
  {
    Shard& shard = shard_of(id);
    const MutexLock lock(shard.mutex);
    version = shard.pool.use(id, site, departed);
    ++(version ? shard.hits : shard.misses);
  }
  forget_all(departed);
  return version;
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
    if (const auto id = latest_of(of.exact)) add(*id, FoundBy::kExact);
    if (const auto id = latest_of(of.address)) add(*id, FoundBy::kAddress);
  };
  const auto add_kin = [&](const PageKeys& of) {
    if (of.shape != of.address) {
      for (const Id128& id : kin_of(of.shape, of.media, kShapesMost)) add(id, FoundBy::kShape);
    }
    for (const Id128& id : kin_of(of.sibling, of.media, kMostCandidates)) add(id, FoundBy::kSibling);
  };
  add_latest(keys);
  if (open != nullptr) add_latest(*open);
  add_kin(keys);
  if (open != nullptr) add_kin(*open);
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

std::optional<Id128> Cache::latest_of(const Id128& key) const {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto latest = shard.latest.find(key);
  return latest == shard.latest.end() ? std::nullopt : std::optional<Id128>(latest->second.first);
}

std::vector<Id128> Cache::kin_of(const Id128& key, MediaClass expected, std::size_t most) const {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto kin = shard.kin.find(key);
  if (kin == shard.kin.end()) return {};
  std::vector<Id128> best = kin->second.best(expected);
  if (best.size() > most) best.resize(most);
  return best;
}

// Changes the pool of a version's shard, and forgets the versions that had to leave for it.
template <typename Change>
void Cache::change(const Id128& id, Change change) {
  std::vector<Departed> departed;
  {
    Shard& shard = shard_of(id);
    const MutexLock lock(shard.mutex);
    change(shard.pool, departed);
  }
  forget_all(departed);
}

bool Cache::insert(VersionPtr version, const PageKeys& keys) {
  if (shortage() >= Shortage::kKeepNothing) return false;
  const Id128 id = version->id;
  // Keys first: a version that leaves takes its keys along, so none outlives it.
  const std::optional<Id128> replaced = remember(keys.exact, id);
  remember(keys.address, id);
  if (keys.shape != keys.address) remember_kin(keys.shape, id, keys.media, replaced);
  remember_kin(keys.sibling, id, keys.media, replaced);

  std::vector<Departed> departed;
  {
    Shard& shard = shard_of(id);
    const MutexLock lock(shard.mutex);
    ++shard.insertions;
    shard.pool.insert(std::move(version), keys.site, &keys, departed);
  }
  if (replaced) {
    Shard& shard = shard_of(*replaced);
    const MutexLock lock(shard.mutex);
    shard.pool.replace(*replaced);
  }
  forget_all(departed);
  return replaced.has_value();
}

void Cache::insert(VersionPtr version, const Id128& site) {
  if (shortage() >= Shortage::kKeepNothing) return;
  Shard& shard = shard_of(version->id);
  std::vector<Departed> departed;
  {
    const MutexLock lock(shard.mutex);
    ++shard.insertions;
    shard.pool.insert(std::move(version), site, nullptr, departed);
  }
  forget_all(departed);
}

void Cache::recount(const Id128& id) {
  change(id, [&](VersionPool& pool, std::vector<Departed>& departed) { pool.recount(id, departed); });
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
  change(id, [&](VersionPool& pool, std::vector<Departed>& departed) { pool.erase(id, departed); });
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
  sum.bytes = sketch_.memory_bytes();
  for (const auto& shard : shards_) {
    const MutexLock lock(shard->mutex);
    sum.hits += shard->hits;
    sum.misses += shard->misses;
    sum.insertions += shard->insertions;
    sum.evictions += shard->pool.evictions();
    sum.refused += shard->pool.refused();
    sum.bytes += shard->pool.bytes();
    sum.prepared_bytes += shard->pool.prepared_bytes();
    sum.prepared_drops += shard->pool.prepared_drops();
    sum.versions += shard->pool.versions();
  }
  return sum;
}

std::optional<Id128> Cache::remember(const Id128& key, const Id128& id) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto [place, is_new] = shard.latest.try_emplace(key, Latest{.first = id, .second = std::nullopt});
  Latest& latest = place->second;
  if (is_new || latest.first == id) return std::nullopt;
  latest.second = std::exchange(latest.first, id);
  return latest.second;
}

void Cache::remember_kin(const Id128& key, const Id128& id, MediaClass media, const std::optional<Id128>& replaced) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  shard.kin[key].add(id, media, replaced);
}

void Cache::forget(const Id128& key, const Id128& id) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto place = shard.latest.find(key);
  if (place == shard.latest.end()) return;
  Latest& latest = place->second;
  if (latest.second == id) latest.second.reset();
  if (latest.first != id) return;
  if (latest.second) {
    latest.first = *std::exchange(latest.second, std::nullopt);
  } else {
    shard.latest.erase(place);
  }
}

void Cache::forget_kin(const Id128& key, const Id128& id) {
  Shard& shard = shard_of(key);
  const MutexLock lock(shard.mutex);
  const auto place = shard.kin.find(key);
  if (place != shard.kin.end() && place->second.forget(id)) shard.kin.erase(place);
}

void Cache::forget_all(const std::vector<Departed>& departed) {
  for (const Departed& gone : departed) {
    for (const PageKeys& keys : gone.keys) {
      for (const Id128& key : {keys.exact, keys.address}) forget(key, gone.id);
      for (const Id128& key : {keys.shape, keys.sibling}) forget_kin(key, gone.id);
    }
  }
}

}  // namespace railgun::page
