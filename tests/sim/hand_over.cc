#include "hand_over.h"

#include "railgund/page/snapshot.h"

namespace railgun::sim {

std::string hand_over(page::Cache& cache, bool keeps_versions, bool has_room) {
  Bytes snapshot = page::snapshot_head();
  page::SnapshotSource source(cache, true);
  while (const auto kept = source.next()) append(snapshot, page::encode_record(*kept, page::PageForm::kRaw));
  const std::size_t versions = cache.clear();
  if (!keeps_versions) return {};
  page::SnapshotReader reader(snapshot.size());
  reader.receive(snapshot);
  while (const auto record = reader.poll().value()) {
    const auto kept = page::decode_version(record->payload, snapshot.size());
    if (!kept) return "a version cannot be read again";
    cache.restore(*kept);
  }
  const std::size_t restored = cache.counters().versions;
  if (restored > versions || (has_room && restored < versions))
    return std::to_string(restored) + " of " + std::to_string(versions) + " versions were handed over";
  return {};
}

}  // namespace railgun::sim
