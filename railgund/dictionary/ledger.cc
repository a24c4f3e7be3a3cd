#include "railgund/dictionary/ledger.h"

#include <optional>
#include <utility>

#include <zstd.h>

#include "railgund/base/check.h"

namespace railgun::dictionary {
namespace {

// Of a page: if what differs takes more, the page is what later ones are kept against.
constexpr std::size_t kMostPackedPart = 4;
constexpr int kLevel = 1;
// Of an entry: list, set and their pointers.
constexpr std::size_t kEntryBytes = 192;
// Of the limit: anchors that are ready, and bases that anchors are packed against.
constexpr std::size_t kReadyPart = 4;
constexpr std::size_t kBasesPart = 8;
// Pages that are coded against a packed anchor before it is made ready: preparing it takes as long as coding some.
constexpr unsigned kUsesUntilReady = 4;

std::optional<Bytes> packed(ByteView page, const Dictionary& anchor) {
  Bytes room(page.size() / kMostPackedPart + 64);
  ZSTD_CCtx* const state = ZSTD_createCCtx();
  RAILGUN_CHECK(state != nullptr);
  const ByteView text = anchor.bytes();
  const std::size_t size =
      anchor.prepared() != nullptr
          ? ZSTD_compress_usingCDict(state, room.data(), room.size(), page.data(), page.size(), anchor.prepared())
          : ZSTD_compress_usingDict(state, room.data(), room.size(), page.data(), page.size(), text.data(), text.size(),
                                    kLevel);
  ZSTD_freeCCtx(state);
  if (ZSTD_isError(size) != 0) return std::nullopt;  // there was not enough room
  return Bytes(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
}

Bytes unpacked(ByteView coded, std::size_t page_bytes, const Dictionary& anchor) {
  Bytes page(page_bytes);
  ZSTD_DCtx* const state = ZSTD_createDCtx();
  RAILGUN_CHECK(state != nullptr);
  const std::size_t size = ZSTD_decompress_usingDict(state, page.data(), page.size(), coded.data(), coded.size(),
                                                     anchor.bytes().data(), anchor.bytes().size());
  ZSTD_freeDCtx(state);
  RAILGUN_CHECK(ZSTD_isError(size) == 0 && size == page_bytes);
  return page;
}

DictionaryPtr prepared(ByteView text, const Hash& hash) {
  return std::make_shared<const Dictionary>(to_bytes(text), hash, kLevel);
}

}  // namespace

std::size_t Ledger::Anchor::bytes() const {
  return sizeof *this + (text != nullptr ? text->memory_bytes() : 0) + (packed != nullptr ? packed->memory_bytes() : 0);
}

DictionaryPtr Ledger::Copy::read(const Hash& hash) const {
  return text != nullptr ? text : std::make_shared<const Dictionary>(packed->unpack(), hash);
}

Ledger::Ledger(std::size_t limit_bytes) : bases_(limit_bytes / kBasesPart), limit_bytes_(limit_bytes) {}

bool Ledger::is_over() const { return !entries_.empty() && bytes_ + bases_.bytes() > limit_bytes_; }

void Ledger::set_limit(std::size_t bytes) {
  {
    const MutexLock lock(mutex_);
    limit_bytes_ = bytes;
    while (is_over()) remove_oldest();
  }
  pack_unused();
}

void Ledger::add(const Kept& kept, const Hash& hash, ByteView page) {
  if (page.empty() || !Dictionary::is_possible(page)) return;
  AnchorPtr anchor;
  Copy copy;
  bool is_wanted = false;
  {
    const MutexLock lock(mutex_);
    if (const auto known = by_name_.find(Name{kept.place, hash}); known != by_name_.end()) {
      entries_.splice(entries_.begin(), entries_, *known);
      return;
    }
    if (const auto found = anchors_.find(kept.address); found != anchors_.end()) {
      anchor = found->second;
      copy = {anchor->text, anchor->packed};
      is_wanted = !anchor->is_ready && ++anchor->uses >= kUsesUntilReady;
    }
  }
  std::optional<Bytes> coded;
  DictionaryPtr text;
  if (anchor != nullptr) {
    text = copy.read(anchor->hash);
    if (is_wanted) text = prepared(text->bytes(), anchor->hash);
    coded = packed(page, *text);
  }
  if (!coded) {
    anchor =
        std::make_shared<Anchor>(Anchor{.address = kept.address, .page_template = kept.page_template, .hash = hash});
    anchor->text = text = prepared(page, hash);
    coded = packed(page, *text);
    if (!coded) return;
  }
  {
    const MutexLock lock(mutex_);
    if (by_name_.contains(Name{kept.place, hash})) return;
    insert({.name = {kept.place, hash}, .anchor = anchor, .packed = std::move(*coded), .page_bytes = page.size()});
    if (anchor->users > 0 && text->prepared() != nullptr) make_ready(anchor, std::move(text));
    while (is_over()) remove_oldest();
  }
  pack_unused();
}

void Ledger::insert(Entry entry) {
  if (entry.anchor->users++ == 0) {
    bytes_ += entry.anchor->bytes();
    anchors_[entry.anchor->address] = entry.anchor;
  }
  bytes_ += kEntryBytes + entry.packed.capacity();
  entries_.push_front(std::move(entry));
  by_name_.insert(entries_.begin());
}

void Ledger::remove_oldest() {
  Entry& entry = entries_.back();
  Anchor& anchor = *entry.anchor;
  if (--anchor.users == 0) {
    make_unready(anchor);
    bytes_ -= anchor.bytes();
    const auto latest = anchors_.find(anchor.address);
    if (latest != anchors_.end() && latest->second == entry.anchor) anchors_.erase(latest);
  }
  bytes_ -= kEntryBytes + entry.packed.capacity();
  by_name_.erase(by_name_.find(entry.name));
  entries_.pop_back();
}

void Ledger::make_ready(const AnchorPtr& anchor, DictionaryPtr text) {
  if (anchor->is_ready) {
    ready_.splice(ready_.begin(), ready_, anchor->place);
    return;
  }
  bytes_ -= anchor->bytes();
  anchor->text = std::move(text);
  bytes_ += anchor->bytes();
  ready_bytes_ += anchor->bytes();
  ready_.push_front(anchor);
  anchor->place = ready_.begin();
  anchor->is_ready = true;
}

void Ledger::make_unready(Anchor& anchor) {
  if (!anchor.is_ready) return;
  ready_bytes_ -= anchor.bytes();
  anchor.is_ready = false;
  anchor.uses = 0;
  ready_.erase(anchor.place);
}

void Ledger::pack_unused() {
  for (;;) {
    AnchorPtr anchor;
    Copy copy;
    {
      const MutexLock lock(mutex_);
      if (ready_.size() <= 1 || ready_bytes_ <= limit_bytes_ / kReadyPart) return;
      anchor = ready_.back();
      copy = {anchor->text, anchor->packed};
      make_unready(*anchor);
    }
    if (copy.packed == nullptr) copy.packed = bases_.pack(anchor->page_template, copy.text->bytes());
    // What does not get smaller stays as it is, and is not prepared any more.
    DictionaryPtr text;
    if (copy.packed == nullptr) text = std::make_shared<const Dictionary>(to_bytes(copy.text->bytes()), anchor->hash);
    const MutexLock lock(mutex_);
    if (anchor->is_ready) continue;  // it was used meanwhile
    if (anchor->users > 0) bytes_ -= anchor->bytes();
    anchor->text = std::move(text);
    anchor->packed = std::move(copy.packed);
    if (anchor->users > 0) bytes_ += anchor->bytes();
  }
}

DictionaryPtr Ledger::find(const Id128& place, const Hash& hash) {
  Copy copy;
  Hash anchor_hash;
  Bytes coded;
  std::size_t page_bytes = 0;
  {
    const MutexLock lock(mutex_);
    const auto found = by_name_.find(Name{place, hash});
    if (found == by_name_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, *found);
    const Entry& entry = **found;
    copy = {entry.anchor->text, entry.anchor->packed};
    anchor_hash = entry.anchor->hash;
    coded = entry.packed;
    page_bytes = entry.page_bytes;
  }
  DictionaryPtr text = copy.read(anchor_hash);
  if (anchor_hash == hash) return text;
  return std::make_shared<const Dictionary>(unpacked(coded, page_bytes, *text), hash);
}

LedgerCounts Ledger::counts() const {
  const MutexLock lock(mutex_);
  return {.pages = entries_.size(), .page_bytes = bytes_ + bases_.bytes()};
}

}  // namespace railgun::dictionary
