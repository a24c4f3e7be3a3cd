// Fuzzes: page
// A snapshot of anybody's making, in pieces, is read or given up; what is read is within the limits and can be kept.
#include <algorithm>
#include <cstdint>

#include "railgund/base/check.h"
#include "railgund/page/snapshot.h"

using namespace railgun;

namespace {

constexpr std::size_t kPageLimit = 64 * 1024;

void keep(page::Cache& cache, ByteView payload) {
  const auto kept = page::decode_version(payload, kPageLimit);
  if (!kept) return;
  RAILGUN_CHECK(kept->version->reference.size() <= kPageLimit);
  cache.restore(*kept);
  const auto back = cache.kept(kept->version->id);
  if (!back) return;
  const Bytes record = page::encode_record(*back, page::PageForm::kZstd);
  page::SnapshotReader reader(2 * kPageLimit);
  reader.receive(page::snapshot_head());
  reader.receive(record);
  const auto read = reader.poll();
  RAILGUN_CHECK(read && *read && page::decode_version((*read)->payload, kPageLimit));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  page::Cache cache(1 << 20);
  const ByteView input(data, size);
  // As a version, past the check of its record.
  keep(cache, input);
  // As a snapshot, in pieces.
  page::SnapshotReader reader(kPageLimit);
  for (std::size_t at = 0; at < size;) {
    const std::size_t piece = std::min<std::size_t>(size - at, 1 + data[at]);
    reader.receive(input.subspan(at, piece));
    at += piece;
    for (;;) {
      const auto record = reader.poll();
      if (!record) return 0;
      if (!*record) break;
      if ((*record)->kind == page::SnapshotKind::kVersion) keep(cache, (*record)->payload);
    }
  }
  return 0;
}
