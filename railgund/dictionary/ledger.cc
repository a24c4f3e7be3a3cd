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
// Of an entry: list, map and their pointers.
constexpr std::size_t kEntryBytes = 256;

std::optional<Bytes> packed(ByteView page, const Dictionary& anchor) {
  Bytes room(page.size() / kMostPackedPart + 64);
  ZSTD_CCtx* const state = ZSTD_createCCtx();
  RAILGUN_CHECK(state != nullptr);
  const std::size_t size =
      ZSTD_compress_usingCDict(state, room.data(), room.size(), page.data(), page.size(), anchor.prepared());
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

}  // namespace

void Ledger::set_limit(std::size_t bytes) {
  const MutexLock lock(mutex_);
  limit_bytes_ = bytes;
  while (bytes_ > limit_bytes_) remove_oldest();
}

void Ledger::add(const Id128& address, const Id128& place, const Hash& hash, ByteView page) {
  if (page.empty() || !Dictionary::is_possible(page)) return;
  AnchorPtr anchor;
  {
    const MutexLock lock(mutex_);
    if (const auto known = by_name_.find({place, hash}); known != by_name_.end()) {
      entries_.splice(entries_.begin(), entries_, known->second);
      return;
    }
    if (const auto found = anchors_.find(address); found != anchors_.end()) anchor = found->second;
  }
  std::optional<Bytes> coded;
  if (anchor != nullptr) coded = packed(page, *anchor->text);
  if (!coded) {
    anchor = std::make_shared<Anchor>(Anchor{
        .address = address, .text = std::make_shared<const Dictionary>(to_bytes(page), hash, kLevel), .users = 0});
    coded = packed(page, *anchor->text);
    if (!coded) return;
  }
  const MutexLock lock(mutex_);
  if (by_name_.contains({place, hash})) return;
  insert({.name = {place, hash}, .anchor = std::move(anchor), .packed = std::move(*coded), .page_bytes = page.size()});
}

void Ledger::insert(Entry entry) {
  Anchor& anchor = *entry.anchor;
  if (anchor.users++ == 0) {
    bytes_ += anchor.text->memory_bytes();
    anchors_[anchor.address] = entry.anchor;
  }
  bytes_ += kEntryBytes + entry.packed.capacity();
  entries_.push_front(std::move(entry));
  by_name_.emplace(entries_.front().name, entries_.begin());
  while (bytes_ > limit_bytes_) remove_oldest();
}

void Ledger::remove_oldest() {
  Entry& entry = entries_.back();
  Anchor& anchor = *entry.anchor;
  if (--anchor.users == 0) {
    bytes_ -= anchor.text->memory_bytes();
    const auto latest = anchors_.find(anchor.address);
    if (latest != anchors_.end() && latest->second == entry.anchor) anchors_.erase(latest);
  }
  bytes_ -= kEntryBytes + entry.packed.capacity();
  by_name_.erase(entry.name);
  entries_.pop_back();
}

DictionaryPtr Ledger::find(const Id128& place, const Hash& hash) {
  AnchorPtr anchor;
  Bytes coded;
  std::size_t page_bytes = 0;
  {
    const MutexLock lock(mutex_);
    const auto found = by_name_.find({place, hash});
    if (found == by_name_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    const Entry& entry = *found->second;
    anchor = entry.anchor;
    coded = entry.packed;
    page_bytes = entry.page_bytes;
  }
  if (anchor->text->hash() == hash) return anchor->text;
  return std::make_shared<const Dictionary>(unpacked(coded, page_bytes, *anchor->text), hash);
}

LedgerCounts Ledger::counts() const {
  const MutexLock lock(mutex_);
  return {.pages = entries_.size(), .page_bytes = bytes_};
}

}  // namespace railgun::dictionary
