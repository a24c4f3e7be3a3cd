// Which pages visitors' browsers hold, so that the next version can be coded against the one that a browser names. A page
// is kept as what differs from an earlier version of it, 20 to 2,000 bytes. Shared by all workers, bounded in bytes.
// Thread-safe; the lock is short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <unordered_map>

#include "railgund/base/hash.h"
#include "railgund/base/mutex.h"
#include "railgund/delta/packed_page.h"
#include "railgund/dictionary/dictionary.h"
#include "railgund/page/template_bases.h"

namespace railgun::dictionary {

struct LedgerCounts {
  std::uint64_t pages = 0, page_bytes = 0;
};

class Ledger {
 public:
  explicit Ledger(std::size_t limit_bytes);

  void set_limit(std::size_t bytes);

  struct Kept {
    Id128 address;        // whose versions resemble each other, whoever asks
    Id128 page_template;  // whose pages have much in common
    Id128 place;          // who may name it: the address and what keeps visitors apart
  };
  // A browser was sent this page. Takes 0.1 to 0.3 ms for 92 KB.
  void add(const Kept& kept, const Hash& hash, ByteView page);
  // The page of this name that was sent at this place; null: there is none (any more).
  DictionaryPtr find(const Id128& place, const Hash& hash);

  LedgerCounts counts() const;

 private:
  // A version that others are kept against; counted while one of them is there. It is *ready* while many pages of its
  // address come: its text is prepared for coding, three times its size. Otherwise it is packed.
  struct Anchor;
  using AnchorPtr = std::shared_ptr<Anchor>;
  using Anchors = std::list<AnchorPtr>;
  struct Anchor {
    Id128 address, page_template;
    Hash hash;
    DictionaryPtr text = nullptr;                               // null: packed
    std::shared_ptr<const delta::PackedPage> packed = nullptr;  // kept while it is ready again
    std::size_t users = 0;
    unsigned uses = 0;  // since it was packed
    bool is_ready = false;
    Anchors::iterator place = {};  // in ready_, if it is there
    std::size_t bytes() const;
  };
  // What is needed of an anchor outside the lock.
  struct Copy {
    DictionaryPtr text;
    std::shared_ptr<const delta::PackedPage> packed;
    DictionaryPtr read(const Hash& hash) const;
  };
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
  struct ByName {
    using is_transparent = void;
    static const Name& name(const Name& it) { return it; }
    static const Name& name(const Entries::iterator& it) { return it->name; }
    bool operator()(const auto& one, const auto& other) const { return name(one) < name(other); }
  };

  bool is_over() const RAILGUN_REQUIRES(mutex_);
  void insert(Entry entry) RAILGUN_REQUIRES(mutex_);
  void remove_oldest() RAILGUN_REQUIRES(mutex_);
  // Changes what is kept of an anchor.
  void make_ready(const AnchorPtr& anchor, DictionaryPtr text) RAILGUN_REQUIRES(mutex_);
  void make_unready(Anchor& anchor) RAILGUN_REQUIRES(mutex_);
  // Packs anchors until those that are ready take their part of the limit.
  void pack_unused();

  page::TemplateBases bases_;
  mutable Mutex mutex_;
  std::size_t limit_bytes_ RAILGUN_GUARDED_BY(mutex_);
  std::size_t bytes_ RAILGUN_GUARDED_BY(mutex_) = 0;        // without the bases
  std::size_t ready_bytes_ RAILGUN_GUARDED_BY(mutex_) = 0;  // of these, anchors in ready_
  Entries entries_ RAILGUN_GUARDED_BY(mutex_);              // the one used last first
  std::set<Entries::iterator, ByName> by_name_ RAILGUN_GUARDED_BY(mutex_);
  std::unordered_map<Id128, AnchorPtr> anchors_ RAILGUN_GUARDED_BY(mutex_);  // the latest of each address
  Anchors ready_ RAILGUN_GUARDED_BY(mutex_);                                 // the one used last first
};

}  // namespace railgun::dictionary
