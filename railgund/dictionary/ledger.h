// Which pages visitors' browsers hold, so that the next version can be coded against the one that a browser names. A page
// is kept as what differs from an earlier version of it, 100 to 2,000 bytes. Shared by all workers, bounded in bytes.
// Thread-safe; the lock is short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <unordered_map>

#include "railgund/base/hash.h"
#include "railgund/base/mutex.h"
#include "railgund/dictionary/dictionary.h"

namespace railgun::dictionary {

struct LedgerCounts {
  std::uint64_t pages = 0, page_bytes = 0;
};

class Ledger {
 public:
  explicit Ledger(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void set_limit(std::size_t bytes);

  // A browser was sent this page. `address`: whose versions resemble each other, whoever asks. `place`: who may name it:
  // the address and what keeps visitors apart.
  void add(const Id128& address, const Id128& place, const Hash& hash, ByteView page);
  // The page of this name that was sent at this place; null: there is none (any more).
  DictionaryPtr find(const Id128& place, const Hash& hash);

  LedgerCounts counts() const;

 private:
  // A version that others are kept against; counted while one of them is there.
  struct Anchor {
    Id128 address;
    DictionaryPtr text;
    std::size_t users = 0;
  };
  using AnchorPtr = std::shared_ptr<Anchor>;
  struct Name {
    Id128 place;
    Hash hash;
    auto operator<=>(const Name&) const = default;
  };
  struct Entry {
    Name name;
    AnchorPtr anchor;
    Bytes packed;
    std::size_t page_bytes;
  };
  using Entries = std::list<Entry>;

  void insert(Entry entry) RAILGUN_REQUIRES(mutex_);
  void remove_oldest() RAILGUN_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::size_t limit_bytes_ RAILGUN_GUARDED_BY(mutex_);
  std::size_t bytes_ RAILGUN_GUARDED_BY(mutex_) = 0;
  Entries entries_ RAILGUN_GUARDED_BY(mutex_);  // the one used last first
  std::map<Name, Entries::iterator> by_name_ RAILGUN_GUARDED_BY(mutex_);
  std::unordered_map<Id128, AnchorPtr> anchors_ RAILGUN_GUARDED_BY(mutex_);  // the latest of each address
};

}  // namespace railgun::dictionary
