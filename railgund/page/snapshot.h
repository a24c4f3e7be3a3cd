// What one process leaves to the next: the page versions of its cache, newest first, and a text of what it has counted.
// Goes through a pipe at an upgrade in place (app/handover.h) and into a file at a stop (app/cache_file.h). Both are the
// daemon's own, but who reads them checks every byte: a file may be damaged, or of another program.
//
//   snapshot = "RGsnap" version(u16) record*
//   record   = kind(u8) length(u32) check(u64) payload        check: XXH3-64 of the payload, seeded with the kind
//   kinds    : 1 a version; 2 statistics, JSON text; 3 (empty) all versions that were there at the start have come
//   a version = sequence(u64) id(16) expected_delta(u32) page_bytes(u32) asked_lately(u8) standing(u8) keep(u8) form(u8)
//               keys(u8) sites(u8) { exact address shape sibling page site audience (16 each) media(u8) }* site(16)* page
//   form     : 0 the page's bytes; 1 a zstd frame of them
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "railgund/base/bytes.h"
#include "railgund/base/result.h"
#include "railgund/page/cache.h"
#include "railgund/page/kept_version.h"

namespace railgun::page {

enum class SnapshotKind : std::uint8_t { kVersion = 1, kStatistics = 2, kComplete = 3 };
enum class PageForm : std::uint8_t { kRaw = 0, kZstd = 1 };  // of pages that zstd makes smaller by an eighth

// The start of a snapshot, and its records. A page has at most 4 GB.
Bytes snapshot_head();
Bytes encode_record(SnapshotKind kind, ByteView payload);
Bytes encode_record(const KeptVersion& kept, PageForm form);

// Nothing: not a version, or its page has more than `page_bytes_limit`.
std::optional<KeptVersion> decode_version(ByteView payload, std::size_t page_bytes_limit);

// The records of a snapshot that comes in pieces. Pure.
class SnapshotReader {
 public:
  struct Record {
    SnapshotKind kind;
    ByteView payload;  // valid until the next call
  };

  // Larger records are left out, and never held: the largest page and kRecordOverhead.
  explicit SnapshotReader(std::size_t record_bytes_limit) : limit_(record_bytes_limit) {}
  static constexpr std::size_t kRecordOverhead = 4096;

  void receive(ByteView bytes);
  // The next record that is complete. Records of kinds that this program does not know are left out. Errors: kUnsupported:
  // this is no snapshot, or of another version; kMalformed: a record does not check out. Nothing comes after an error.
  Result<std::optional<Record>> poll();

 private:
  Bytes buffer_;
  std::size_t used_ = 0;      // of the buffer: read already
  std::size_t left_out_ = 0;  // bytes that are still to come of a record that is too large
  std::size_t limit_;
  bool has_head_ = false;
};

// The versions of a cache to write: all that are there, newest first, and then those that were inserted meanwhile. Of
// those that are only to be in memory none, unless `with_memory_only`.
class SnapshotSource {
 public:
  // The cache outlives it.
  SnapshotSource(const Cache& cache, bool with_memory_only) : cache_(cache), with_memory_only_(with_memory_only) {}

  // Nothing for now; later there may be more.
  std::optional<KeptVersion> next();
  // All that were there at the first call have been given.
  bool is_complete() const { return passes_ > 1 || (passes_ == 1 && waiting_.empty()); }

 private:
  const Cache& cache_;
  bool with_memory_only_;
  std::deque<Numbered> waiting_;
  std::uint64_t newest_ = 0;
  unsigned passes_ = 0;
};

}  // namespace railgun::page
