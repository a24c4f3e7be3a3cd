#include "railgund/page/version_pool.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "railgund/page/key_table.h"

namespace railgun::page {
namespace {

// Pages are large and few, so the window is larger than the paper's hundredth: a newcomer shall live to be asked again.
constexpr std::size_t kWindowShare = 16;  // one part in so many
// A version that many pages share (an error page) is not looked up under more keys than this.
constexpr std::size_t kKeysMost = 8;
// Of so many that were used least recently, the page asked for least often is chosen.
constexpr int kCompared = 4;
// Pages asked for so often lately keep prepared state and unpacked bytes while others leave.
constexpr unsigned kOften = 4;
// What unpacked bytes of such pages may take: one part in so many.
constexpr std::size_t kUnpackedShare = 8;
// So do the few that were used last, such as the sibling that a crawler's pages are coded against.
constexpr std::size_t kLatest = 4;
// A version that many sites share is not found for more of them than this.
constexpr std::size_t kSitesMost = 4;

}  // namespace

std::size_t VersionPool::window_budget() const { return limits_.bytes / kWindowShare; }
std::size_t VersionPool::protected_budget() const { return (limits_.bytes - window_budget()) / 5 * 4; }

VersionPtr VersionPool::use(const Id128& id, const Id128& site, std::vector<Departed>& departed) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || std::ranges::find(found->second.sites, site) == found->second.sites.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  Entry& entry = found->second;
  VersionPtr version = handed_out(entry);
  touch(entry);
  leave_if_too_large(entry, departed);
  make_room(departed);
  return version;
}

VersionPtr VersionPool::peek(const Id128& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : handed_out(found->second);
}

bool VersionPool::is_for(const Id128& id, const Audiences& audiences) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && std::ranges::any_of(found->second.keys, [&](const PageKeys& keys) {
           return audiences.include(keys.audience);
         });
}

// The pool's own stays packed, so that nothing is unpacked that is not charged.
VersionPtr VersionPool::handed_out(const Entry& entry) {
  if (!entry.is_packed) return entry.version;
  return std::make_shared<const Version>(*entry.version, entry.version->reference.packed());
}

void VersionPool::insert(VersionPtr version, const Id128& site, const PageKeys* keys, std::uint64_t sequence,
                         std::vector<Departed>& departed) {
  ++insertions_;
  const Id128 id = version->id;
  const auto [place, is_new] = entries_.try_emplace(id);
  Entry& entry = place->second;
  if (is_new) {
    entry.version = std::move(version);
    entry.page = id;
    entry.place = list(Queue::kWindow).insert(list(Queue::kWindow).begin(), &entry);
  }
  entry.sequence = sequence;
  add_site(entry, site);
  if (keys != nullptr) {
    entry.page = keys->exact;
    add_keys(entry, *keys, departed);
  }
  if (!is_new) adopt(entry, version, departed);
  // Once a request, here and not when it is found: a crawler's pages are siblings to each other, and each is found as
  // the reference of the next.
  sketch_.count(entry.page);
  if (is_new) {
    charge(entry);
  } else if (entry.queue == Queue::kReplaced) {
    // It is the latest once more.
    charge(entry);
    move_to_front(entry, Queue::kProbation);
  } else {
    touch(entry);
  }
  leave_if_too_large(entry, departed);
  make_room(departed);
}

void VersionPool::restore(const KeptVersion& kept, std::vector<Departed>& departed) {
  const auto [place, is_new] = entries_.try_emplace(kept.version->id);
  Entry& entry = place->second;
  if (is_new) {
    entry.version = kept.version;
    entry.page = kept.keys.empty() ? kept.version->id : kept.keys.back().exact;
    entry.sequence = kept.sequence;
    entry.queue = queue_for(kept.standing);
    entry.place = list(entry.queue).insert(list(entry.queue).end(), &entry);
    for (unsigned known = sketch_.estimate(entry.page); known < kept.asked_lately; ++known) sketch_.count(entry.page);
  }
  for (const Id128& site : kept.sites) add_site(entry, site);
  for (const PageKeys& keys : kept.keys) {
    if (is_new || std::ranges::find(entry.keys, keys.exact, &PageKeys::exact) == entry.keys.end())
      add_keys(entry, keys, departed);
  }
  charge(entry);
  if (is_new && entry.unpacked > 0) unpacked_.splice(unpacked_.end(), unpacked_, entry.unpacked_place);
  leave_if_too_large(entry, departed);
  make_room(departed);
}

std::optional<KeptVersion> VersionPool::kept(const Id128& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  return KeptVersion{.version = handed_out(entry),
                     .keys = entry.keys,
                     .sites = entry.sites,
                     .sequence = entry.sequence,
                     .asked_lately = static_cast<std::uint8_t>(sketch_.estimate(entry.page)),
                     .standing = entry.queue == Queue::kReplaced    ? Standing::kReplaced
                                 : entry.queue == Queue::kProtected ? Standing::kProtected
                                                                    : Standing::kUsual};
}

// For a version that comes from elsewhere.
VersionPool::Queue VersionPool::queue_for(Standing standing) const {
  if (standing == Standing::kReplaced) return Queue::kReplaced;
  const bool has_room = list_bytes_[static_cast<std::size_t>(Queue::kProtected)] < protected_budget();
  return standing == Standing::kProtected && has_room ? Queue::kProtected : Queue::kProbation;
}

void VersionPool::recount(const VersionPtr& version, std::vector<Departed>& departed) {
  const auto found = entries_.find(version->id);
  if (found == entries_.end()) return;
  adopt(found->second, version, departed);
  charge(found->second);
  leave_if_too_large(found->second, departed);
  make_room(departed);
}

// Only a copy that came from the pool: it has the packed form too, so that packing it once more costs nothing.
void VersionPool::adopt(Entry& entry, const VersionPtr& version, std::vector<Departed>& departed) {
  const delta::Reference& reference = version->reference;
  if (!entry.is_packed || !reference.is_unpacked() || reference.packed() != entry.version->reference.packed()) return;
  departed.push_back({.id = version->id, .version = std::exchange(entry.version, version), .keys = {}});
  set_packed(entry, false);
}

std::optional<ToPack> VersionPool::next_to_pack() {
  if (bytes() <= limits_.bytes) return std::nullopt;
  Entry* entry = next_unpacked();
  if (entry == nullptr) return std::nullopt;
  entry->can_be_packed = false;
  charge_unpacked(*entry, 0);
  return ToPack{entry->version, entry->keys.empty() ? entry->version->id : entry->keys.back().sibling};
}

void VersionPool::packed(const Id128& id, std::shared_ptr<const delta::PackedPage> page,
                         std::vector<Departed>& departed) {
  const auto found = entries_.find(id);
  if (found != entries_.end() && page) put(found->second, std::move(page), departed);
  make_room(departed);
}

void VersionPool::put(Entry& entry, std::shared_ptr<const delta::PackedPage> page, std::vector<Departed>& departed) {
  VersionPtr packed = std::make_shared<const Version>(*entry.version, std::move(page));
  departed.push_back({.id = packed->id, .version = std::exchange(entry.version, std::move(packed)), .keys = {}});
  entry.can_be_packed = true;
  set_packed(entry, true);
  charge(entry);
}

void VersionPool::set_packed(Entry& entry, bool now) {
  packed_versions_ += (now ? 1 : 0) - (entry.is_packed ? 1 : 0);
  entry.is_packed = now;
}

void VersionPool::replace(const Id128& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  if (entry.keys.size() > 1) return;  // still another page's version
  move_to_front(entry, Queue::kReplaced);
  // Requests on their way may still name it, so what was prepared stays while there is room.
  if (entry.prepared > 0) prepared_.splice(prepared_.end(), prepared_, entry.prepared_place);
}

bool VersionPool::is_worth_preparing(const Id128& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  const Entry& entry = found->second;
  const std::size_t more = delta::Reference::prepared_bytes_of(entry.version->reference.size());
  if (bytes() + more <= limits_.bytes) return true;
  if (prepared_bytes_ + more <= limits_.prepared_share_bytes && (prepared_.size() < kLatest || is_often_asked(entry)))
    return true;
  if (prepared_.empty()) return false;
  const Entry& last = *prepared_.back();
  return last.queue == Queue::kReplaced || sketch_.estimate(entry.page) > sketch_.estimate(last.page);
}

void VersionPool::drop_prepared(std::vector<Departed>& departed) {
  while (!prepared_.empty()) drop_prepared(*prepared_.back(), departed);
}

bool VersionPool::erase(const Id128& id, std::vector<Departed>& departed) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  let_go(found->second, departed);
  return true;
}

std::size_t VersionPool::erase_page(const Id128& page, std::vector<Departed>& departed) {
  std::vector<Entry*> doomed;
  for (auto& [id, entry] : entries_) {
    if (std::ranges::find(entry.keys, page, &PageKeys::page) != entry.keys.end()) doomed.push_back(&entry);
  }
  for (Entry* entry : doomed) let_go(*entry, departed);
  return doomed.size();
}

std::size_t VersionPool::clear(std::vector<Departed>& departed) {
  const std::size_t count = entries_.size();
  while (!entries_.empty()) let_go(entries_.begin()->second, departed);
  return count;
}

void VersionPool::add_site(Entry& entry, const Id128& site) {
  if (std::ranges::find(entry.sites, site) != entry.sites.end()) return;
  if (entry.sites.size() == kSitesMost) entry.sites.erase(entry.sites.begin());
  entry.sites.push_back(site);
}

void VersionPool::add_keys(Entry& entry, const PageKeys& keys, std::vector<Departed>& departed) {
  const auto known = std::ranges::find(entry.keys, keys.exact, &PageKeys::exact);
  if (known != entry.keys.end()) entry.keys.erase(known);
  entry.keys.push_back(keys);
  if (entry.keys.size() <= kKeysMost) return;
  const PageKeys oldest = entry.keys.front();
  entry.keys.erase(entry.keys.begin());
  departed.push_back({.id = entry.version->id, .version = nullptr, .keys = {oldest}, .remaining = entry.keys});
}

// Prepared state grows while others hold the version, so its size is read again each time.
void VersionPool::charge(Entry& entry) {
  // Nodes of the map and of a queue with the allocator's own eight bytes each, the shared pointer's counts, and what
  // the cache remembers for a page's keys: for two of them two ids, for two what their kin take.
  constexpr std::size_t kNode = 3 * sizeof(void*) + 8;
  constexpr std::size_t kOverhead =
      sizeof(Id128) + sizeof(Entry) + 2 * kNode + sizeof(Entry*) + sizeof(Version) + 3 * sizeof(void*);
  constexpr std::size_t kPerKeys = sizeof(PageKeys) + 2 * (KeyTable::kLatestBytes + kNode + sizeof(void*)) +
                                   2 * (KeyTable::kKinBytes + kNode + sizeof(void*));
  const std::size_t now = entry.version->reference.page_memory_bytes() + kOverhead + entry.keys.size() * kPerKeys +
                          entry.sites.size() * sizeof(Id128);
  page_bytes_ += now - entry.charged;
  list_bytes(entry.queue) += now - entry.charged;
  entry.charged = now;
  const delta::Reference& reference = entry.version->reference;
  charge_prepared(entry, reference.prepared_memory_bytes());
  const bool is_candidate =
      !entry.is_packed && entry.prepared == 0 && entry.can_be_packed && reference.size() <= kMostPacked;
  charge_unpacked(entry, is_candidate ? reference.size() : 0);
}

void VersionPool::charge_prepared(Entry& entry, std::size_t now) {
  if (entry.prepared == 0 && now > 0) entry.prepared_place = prepared_.insert(prepared_.begin(), &entry);
  if (entry.prepared > 0 && now == 0) prepared_.erase(entry.prepared_place);
  prepared_bytes_ += now - entry.prepared;
  entry.prepared = now;
}

void VersionPool::charge_unpacked(Entry& entry, std::size_t now) {
  if (entry.unpacked == 0 && now > 0) entry.unpacked_place = unpacked_.insert(unpacked_.begin(), &entry);
  if (entry.unpacked > 0 && now == 0) unpacked_.erase(entry.unpacked_place);
  unpacked_bytes_ += now - entry.unpacked;
  entry.unpacked = now;
}

void VersionPool::move_to_front(Entry& entry, Queue queue) {
  list(queue).splice(list(queue).begin(), list(entry.queue), entry.place);
  list_bytes(entry.queue) -= entry.charged;
  list_bytes(queue) += entry.charged;
  entry.queue = queue;
}

void VersionPool::touch(Entry& entry) {
  charge(entry);
  if (entry.prepared > 0) prepared_.splice(prepared_.begin(), prepared_, entry.prepared_place);
  if (entry.unpacked > 0) unpacked_.splice(unpacked_.begin(), unpacked_, entry.unpacked_place);
  move_to_front(entry, entry.queue == Queue::kProbation ? Queue::kProtected : entry.queue);
  while (list_bytes(Queue::kProtected) > protected_budget())
    move_to_front(*list(Queue::kProtected).back(), Queue::kProbation);
}

// Before it makes all others leave.
void VersionPool::leave_if_too_large(Entry& entry, std::vector<Departed>& departed) {
  if (entry.charged + entry.prepared <= limits_.bytes) return;
  if (entry.prepared > 0) drop_prepared(entry, departed);
  if (entry.charged <= limits_.bytes) return;
  ++evictions_;
  ++refused_;
  let_go(entry, departed);
}

void VersionPool::make_room(std::vector<Departed>& departed) {
  while (bytes() > limits_.bytes) {
    if (Entry* entry = next_prepared()) {
      ++prepared_drops_;
      drop_prepared(*entry, departed);
      continue;
    }
    if (!list(Queue::kReplaced).empty()) {
      ++evictions_;
      let_go(*list(Queue::kReplaced).back(), departed);
      continue;
    }
    if (Entry* entry = next_unpacked()) {
      if (const auto& packed = entry->version->reference.packed()) {
        put(*entry, packed, departed);
        continue;
      }
      // next_to_pack() gives it, and packed() goes on here.
      if (bytes() <= limits_.bytes + kPackingSlack) return;
    }
    ++evictions_;
    Entry* newcomer = list(Queue::kWindow).empty() ? nullptr : list(Queue::kWindow).back();
    Entry* settled = !list(Queue::kProbation).empty()   ? list(Queue::kProbation).back()
                     : !list(Queue::kProtected).empty() ? list(Queue::kProtected).back()
                                                        : nullptr;
    // Equal fame is no reason to give up what has proved itself; less fame is none even where the window, whose pages
    // are of all sizes, is not quite full.
    const bool newcomer_leaves = settled == nullptr || (newcomer != nullptr && is_less_wanted(*newcomer, *settled));
    if (newcomer_leaves) ++refused_;
    let_go(newcomer_leaves ? *newcomer : *settled, departed);
  }
  while (list_bytes(Queue::kWindow) > window_budget()) move_to_front(*list(Queue::kWindow).back(), Queue::kProbation);
}

bool VersionPool::is_often_asked(const Entry& entry) const { return sketch_.estimate(entry.page) >= kOften; }

bool VersionPool::is_less_wanted(const Entry& newcomer, const Entry& settled) {
  const unsigned newer = sketch_.estimate(newcomer.page);
  const unsigned older = sketch_.estimate(settled.page);
  const std::size_t window = list_bytes(Queue::kWindow);
  return (newer <= older && window > window_budget()) || (newer < older && window > window_budget() / 2);
}

VersionPool::Entry* VersionPool::next_prepared() {
  if (prepared_.empty()) return nullptr;
  Entry& least = least_wanted(prepared_);
  const bool may_stay = prepared_.size() <= kLatest || is_often_asked(least);
  return prepared_bytes_ > limits_.prepared_share_bytes || !may_stay ? &least : nullptr;
}

VersionPool::Entry* VersionPool::next_unpacked() {
  if (unpacked_.empty()) return nullptr;
  Entry& least = least_wanted(unpacked_);
  const bool may_stay = unpacked_.size() <= kLatest || is_often_asked(least);
  return unpacked_bytes_ > limits_.bytes / kUnpackedShare || !may_stay ? &least : nullptr;
}

VersionPool::Entry& VersionPool::least_wanted(const EntryList& list) const {
  Entry* chosen = list.back();
  if (chosen->queue == Queue::kReplaced) return *chosen;
  unsigned least = sketch_.estimate(chosen->page);
  int compared = 1;
  for (auto place = std::next(list.rbegin()); place != list.rend() && compared < kCompared; ++place, ++compared) {
    const unsigned asked = sketch_.estimate((*place)->page);
    if (asked >= least) continue;
    chosen = *place;
    least = asked;
  }
  return *chosen;
}

void VersionPool::drop_prepared(Entry& entry, std::vector<Departed>& departed) {
  departed.push_back(
      {.id = entry.version->id, .version = nullptr, .keys = {}, .prepared = entry.version->reference.drop_prepared()});
  charge(entry);
}

void VersionPool::let_go(Entry& entry, std::vector<Departed>& departed) {
  const Id128 id = entry.version->id;
  page_bytes_ -= entry.charged;
  charge_prepared(entry, 0);
  charge_unpacked(entry, 0);
  set_packed(entry, false);
  list_bytes(entry.queue) -= entry.charged;
  list(entry.queue).erase(entry.place);
  departed.push_back({.id = id, .version = std::move(entry.version), .keys = std::move(entry.keys)});
  entries_.erase(id);
}

}  // namespace railgun::page
