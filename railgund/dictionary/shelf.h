// The dictionaries that a sender has made for the pages of its sites, and the samples of pages that the next ones will
// be made from. Shared by all workers, bounded in bytes. Thread-safe; each call is short but work().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/base/mutex.h"
#include "railgund/base/time.h"
#include "railgund/dictionary/dictionary.h"
#include "railgund/dictionary/ledger.h"
#include "railgund/dictionary/maker.h"
#include "railgund/page/sharing.h"

namespace railgun::dictionary {

// For whom a dictionary is made.
struct Audience {
  Id128 site;   // the host
  Id128 group;  // scheme, host, and the values that keep visitors apart (isolate.cookies, isolate.headers)
};

struct ShelfCounts {
  std::uint64_t bytes = 0, dictionaries = 0;
  std::uint64_t made = 0;  // dictionaries that were kept
};

class Shelf {
 public:
  struct Limits {
    std::size_t bytes = 64 << 20;
    unsigned share_among = 3;
    std::size_t page_bytes = 64 << 20;  // of the ledger
  };
  // `key`: random and secret.
  Shelf(Limits limits, ByteView key);

  void set(Limits limits);

  // The dictionary that answers to this audience may offer; null: none.
  DictionaryPtr current(const Audience& audience, Instant now);
  // One that was offered before and may be in browsers; null: there is none of that name for this audience.
  DictionaryPtr find(const Audience& audience, const Hash& hash);
  // The same for whoever fetches it: a browser does so without cookies, so that only the host counts.
  DictionaryPtr find_for_site(const Id128& site, const Hash& hash);

  // A sample of this audience's pages would be of use now.
  bool wants_sample(const Audience& audience, Instant now);
  // `page`: its address. True: there is work() to do.
  bool add(const Audience& audience, const Id128& page, Sample sample, Instant now);
  // Makes a dictionary from the samples and keeps it if it saves enough. Takes up to some 50 ms.
  void work(const Audience& audience, Instant now);

  ShelfCounts counts() const;

  // Of the pages that browsers hold.
  Ledger& ledger() { return ledger_; }
  const Ledger& ledger() const { return ledger_; }

  // A larger page is no sample.
  static constexpr std::size_t kMostSampleBytes = 512 * 1024;
  // Samples that a dictionary is made from.
  static constexpr std::size_t kRoundSamples = 8;
  // Audiences that have a dictionary or samples. The one asked for least recently makes room.
  static constexpr std::size_t kMostAudiences = 256;
  // Former dictionaries of an audience that are kept for browsers that hold them.
  static constexpr std::size_t kMostFormer = 3;
  // Between two attempts to make a better dictionary.
  static constexpr Duration kRest = std::chrono::minutes(10);
  // Samples are of one time: a person who comes back under another name and from another place counts twice.
  static constexpr Duration kRoundTime = std::chrono::minutes(30);

 private:
  struct Entry {
    Audience audience;
    std::vector<DictionaryPtr> dictionaries;  // the current one first
    std::vector<Sample> samples;
    Instant round_began{};
    Instant next_round{};
    Instant last_used{};
    bool is_working = false;
  };

  Entry& entry(const Audience& audience, Instant now) RAILGUN_REQUIRES(mutex_);
  void make_room() RAILGUN_REQUIRES(mutex_);
  static std::size_t bytes_of(const Entry& entry);

  const KeyedHash hash_;
  mutable Mutex mutex_;
  Limits limits_ RAILGUN_GUARDED_BY(mutex_);
  std::unordered_map<Id128, Entry> entries_ RAILGUN_GUARDED_BY(mutex_);  // by group
  page::Sharing sharing_ RAILGUN_GUARDED_BY(mutex_);
  std::uint64_t made_ RAILGUN_GUARDED_BY(mutex_) = 0;
  Ledger ledger_;
};

}  // namespace railgun::dictionary
