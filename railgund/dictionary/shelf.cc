#include "railgund/dictionary/shelf.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace railgun::dictionary {
namespace {

// A first dictionary is made of so many samples, if they are enough to share.
constexpr std::size_t kFirstSamples = 4;
// A dictionary is kept if it makes pages of this part of what they took before: each visitor has to fetch it once, and one
// that replaces another has to be fetched again.
constexpr std::size_t kFirstPercent = 80;
constexpr std::size_t kNextPercent = 75;
// A smaller one is not worth a request.
constexpr std::size_t kLeastBytes = 1024;

}  // namespace

Shelf::Shelf(Limits limits, ByteView key) : hash_(key), limits_(limits), ledger_(limits.page_bytes) {}

void Shelf::set(Limits limits) {
  ledger_.set_limit(limits.page_bytes);
  const MutexLock lock(mutex_);
  limits_ = limits;
  make_room();
}

std::size_t Shelf::bytes_of(const Entry& entry) {
  std::size_t bytes = sizeof entry;
  for (const DictionaryPtr& dictionary : entry.dictionaries) bytes += dictionary->memory_bytes();
  for (const Sample& sample : entry.samples) bytes += sizeof sample + sample.text.capacity();
  return bytes;
}

void Shelf::make_room() {
  for (;;) {
    std::size_t bytes = 0;
    for (const auto& [group, entry] : entries_) bytes += bytes_of(entry);
    if (entries_.empty() || (bytes <= limits_.bytes && entries_.size() <= kMostAudiences)) return;
    entries_.erase(std::ranges::min_element(entries_, {}, [](const auto& named) { return named.second.last_used; }));
  }
}

Shelf::Entry& Shelf::entry(const Audience& audience, Instant now) {
  const auto [place, is_new] = entries_.try_emplace(audience.group);
  Entry& entry = place->second;
  entry.last_used = now;
  if (!is_new) return entry;
  entry.audience = audience;
  if (entries_.size() <= kMostAudiences) return entry;
  make_room();
  return entries_.at(audience.group);  // the latest one stays
}

DictionaryPtr Shelf::current(const Audience& audience, Instant now) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(audience.group);
  if (found == entries_.end()) return nullptr;
  found->second.last_used = now;
  return found->second.dictionaries.empty() ? nullptr : found->second.dictionaries.front();
}

DictionaryPtr Shelf::find(const Audience& audience, const Hash& hash) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(audience.group);
  if (found == entries_.end()) return nullptr;
  const auto place = std::ranges::find(found->second.dictionaries, hash, [](const auto& d) { return d->hash(); });
  return place == found->second.dictionaries.end() ? nullptr : *place;
}

DictionaryPtr Shelf::find_for_site(const Id128& site, const Hash& hash) {
  const MutexLock lock(mutex_);
  for (const auto& [group, entry] : entries_) {
    if (entry.audience.site != site) continue;
    for (const DictionaryPtr& dictionary : entry.dictionaries) {
      if (dictionary->hash() == hash) return dictionary;
    }
  }
  return nullptr;
}

bool Shelf::wants_sample(const Audience& audience, Instant now) {
  const MutexLock lock(mutex_);
  const auto found = entries_.find(audience.group);
  if (found == entries_.end()) return true;
  return !found->second.is_working && now >= found->second.next_round;
}

bool Shelf::add(const Audience& audience, const Id128& page, Sample sample, Instant now) {
  const MutexLock lock(mutex_);
  Entry& at = entry(audience, now);
  if (at.is_working || now < at.next_round || sample.text.size() > kMostSampleBytes) return false;
  if (at.samples.empty() || now - at.round_began > kRoundTime) {
    at.samples.clear();
    at.round_began = now;
  }
  // The link's rule (proxy/over_link): what so many visitors were sent is no secret.
  if (sample.is_public && limits_.share_among > 1)
    sample.is_shared = sharing_.received(page, hash_(sample.text), sample.network, limits_.share_among);
  const auto known = std::ranges::find_if(at.samples, [&](const Sample& other) {
    return other.network == sample.network || (!sample.is_public && other.credentials == sample.credentials);
  });
  if (known != at.samples.end()) {
    // With share_among 1 one visitor is enough, so other pages of the same one are of use.
    const bool is_other_page = limits_.share_among == 1 && sample.is_public && known->text != sample.text;
    if (!is_other_page && sample.is_shared && !known->is_shared) *known = std::move(sample);
    if (!is_other_page) return false;
  }
  at.samples.push_back(std::move(sample));
  const std::size_t count = at.samples.size();
  const std::size_t first = std::max<std::size_t>(kFirstSamples, limits_.share_among + 1);
  const bool is_enough = count >= kRoundSamples || (at.dictionaries.empty() && count == first);
  at.is_working = is_enough;
  make_room();
  return is_enough;
}

void Shelf::work(const Audience& audience, Instant now) {
  std::vector<Sample> samples;
  DictionaryPtr present;
  MakerLimits limits;
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(audience.group);
    if (found == entries_.end() || !found->second.is_working) return;
    samples = std::move(found->second.samples);
    found->second.samples.clear();
    if (!found->second.dictionaries.empty()) present = found->second.dictionaries.front();
    limits.share_among = limits_.share_among;
  }
  DictionaryPtr made;
  Bytes text = make_text(samples, limits, hash_);
  if (text.size() >= kLeastBytes && Dictionary::is_possible(text)) {
    const Hash name = hash_of(text);
    made = std::make_shared<const Dictionary>(std::move(text), name, kSiteLevel);
    const std::size_t before = coded_bytes(samples, present.get());
    if (coded_bytes(samples, made.get()) * 100 > before * (present == nullptr ? kFirstPercent : kNextPercent))
      made = nullptr;
  }
  const MutexLock lock(mutex_);
  const auto found = entries_.find(audience.group);
  if (found == entries_.end()) return;
  Entry& at = found->second;
  at.is_working = false;
  if (made != nullptr) {
    ++made_;
    at.dictionaries.insert(at.dictionaries.begin(), std::move(made));
    if (at.dictionaries.size() > 1 + kMostFormer) at.dictionaries.pop_back();
  } else if (present == nullptr && samples.size() < kRoundSamples) {
    // With more of them there may be one.
    at.samples = std::move(samples);
    return;
  }
  at.next_round = now + kRest;
  make_room();
}

ShelfCounts Shelf::counts() const {
  const MutexLock lock(mutex_);
  ShelfCounts counts{.bytes = 0, .dictionaries = 0, .made = made_};
  for (const auto& [group, entry] : entries_) {
    counts.bytes += bytes_of(entry);
    counts.dictionaries += entry.dictionaries.size();
  }
  return counts;
}

}  // namespace railgun::dictionary
