#include "railgund/page/snapshot.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::page {
namespace {

constexpr std::size_t kPageLimit = 1 << 20;

Id128 name(const std::string& text) { return hash128(as_bytes(text)); }

VersionPtr version(const std::string& id, Keep keep = Keep::kStoreToo) {
  std::string page = "<p>" + id + "</p>";
  while (page.size() < 4000) page += " the same words again and again";
  return std::make_shared<const Version>(name(id), to_bytes(as_bytes(page)), keep);
}

PageKeys keys(const std::string& target) { return page_keys(true, "example.com", target, {}, {}); }

Bytes snapshot_of(const Cache& cache, PageForm form = PageForm::kRaw, bool with_memory_only = true) {
  Bytes all = snapshot_head();
  SnapshotSource source(cache, with_memory_only);
  while (auto kept = source.next()) append(all, encode_record(*kept, form));
  append(all, encode_record(SnapshotKind::kComplete, {}));
  return all;
}

// How many versions came, or the error.
Result<std::size_t> restore(Cache& cache, ByteView snapshot, std::size_t piece = 1 << 16) {
  SnapshotReader reader(kPageLimit);
  std::size_t versions = 0;
  while (!snapshot.empty()) {
    const ByteView some = snapshot.first(std::min(piece, snapshot.size()));
    snapshot = snapshot.subspan(some.size());
    reader.receive(some);
    for (;;) {
      auto record = reader.poll();
      if (!record) return std::unexpected(record.error());
      if (!*record) break;
      if ((*record)->kind != SnapshotKind::kVersion) continue;
      const auto kept = decode_version((*record)->payload, kPageLimit);
      if (!kept) return fail(Errc::kMalformed, "version");
      cache.restore(*kept);
      ++versions;
    }
  }
  return versions;
}

std::vector<Id128> ids(const std::vector<Candidate>& versions) {
  std::vector<Id128> result;
  for (const Candidate& one : versions) result.push_back(one.version->id);
  return result;
}

void fill(Cache& cache) {
  cache.insert(version("old"), keys("/news/1"));
  cache.insert(version("sibling"), keys("/news/2"));
  cache.insert(version("new"), keys("/news/1"));
  cache.insert(version("by id"), keys("/").site);
}

TEST(Snapshot, IsFoundAsItWasKept) {
  Cache before(1 << 20);
  fill(before);
  before.find(name("new"), keys("/").site)->expected_delta_bytes = 77;
  for (const PageForm form : {PageForm::kRaw, PageForm::kZstd}) {
    Cache after(1 << 20);
    after.number_from(1000);
    for (const std::size_t piece : {1, 7, 1 << 16}) EXPECT_EQ(restore(after, snapshot_of(before, form), piece), 4u);
    EXPECT_EQ(after.counters().versions, 4u);
    for (const char* target : {"/news/1", "/news/3"})
      EXPECT_EQ(ids(after.candidates(keys(target))), (std::vector{name("new"), name("sibling")}));
    const VersionPtr found = after.find(name("new"), keys("/").site);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(to_bytes(found->reference.bytes()), to_bytes(version("new")->reference.bytes()));
    EXPECT_EQ(found->expected_delta_bytes, 77u);
    EXPECT_NE(after.find(name("by id"), keys("/").site), nullptr);
    EXPECT_EQ(after.find(name("new"), name("another site")), nullptr);
  }
}

TEST(Snapshot, OfPackedVersionsUnpacksNothing) {
  Cache before(64 << 10);
  for (int i = 0; i < 40; ++i) before.insert(version(std::to_string(i)), keys("/page/" + std::to_string(i)));
  const std::size_t packed = before.counters().packed_versions;
  ASSERT_GT(packed, 0u);
  Cache after(1 << 20);
  EXPECT_EQ(restore(after, snapshot_of(before)), before.counters().versions);
  EXPECT_EQ(before.counters().packed_versions, packed);
  EXPECT_EQ(after.counters().packed_versions, 0u);
}

TEST(Snapshot, OfALargerCacheLeavesTheNewest) {
  Cache before(1 << 20);
  for (int i = 0; i < 100; ++i) before.insert(version(std::to_string(i)), keys("/page/" + std::to_string(i)));
  Cache after(32 << 10);
  ASSERT_TRUE(restore(after, snapshot_of(before)));
  EXPECT_LE(after.counters().bytes, 32u << 10);
  EXPECT_NE(after.find(name("99"), keys("/").site), nullptr);
  EXPECT_EQ(after.find(name("0"), keys("/").site), nullptr);
}

TEST(Snapshot, IsOlderThanWhatIsThere) {
  Cache before(1 << 20);
  fill(before);
  Cache after(1 << 20);
  after.number_from(1000);
  after.insert(version("newest"), keys("/news/1"));
  ASSERT_TRUE(restore(after, snapshot_of(before)));
  EXPECT_EQ(after.candidates(keys("/news/1")).at(0).version->id, name("newest"));
  EXPECT_NE(after.find(name("new"), keys("/").site), nullptr);
  // What it still learns of the process before is newer than the rest of that.
  before.insert(version("sibling, later"), keys("/news/2"));
  ASSERT_TRUE(restore(after, snapshot_of(before)));
  EXPECT_EQ(after.candidates(keys("/news/2")).at(0).version->id, name("sibling, later"));
}

TEST(Snapshot, GoesOnWithWhatCameMeanwhile) {
  Cache cache(1 << 20);
  fill(cache);
  SnapshotSource source(cache, true);
  EXPECT_EQ(source.next()->version->id, name("by id"));
  EXPECT_FALSE(source.is_complete());
  cache.insert(version("meanwhile"), keys("/news/9"));
  for (int i = 0; i < 3; ++i) EXPECT_NE(source.next()->version->id, name("meanwhile"));
  EXPECT_TRUE(source.is_complete());
  EXPECT_EQ(source.next()->version->id, name("meanwhile"));
  EXPECT_FALSE(source.next());
  cache.insert(version("old"), keys("/news/1"));  // the latest once more
  EXPECT_EQ(source.next()->version->id, name("old"));
  EXPECT_FALSE(source.next());
}

TEST(Snapshot, OfAnEmptyCacheIsComplete) {
  const Cache cache(1 << 20);
  SnapshotSource source(cache, true);
  EXPECT_FALSE(source.is_complete());
  EXPECT_FALSE(source.next());
  EXPECT_TRUE(source.is_complete());
}

TEST(Snapshot, ForADiskHasNothingThatIsForMemoryOnly) {
  Cache before(1 << 20);
  before.insert(version("no-store", Keep::kMemoryOnly), keys("/1"));
  before.insert(version("public"), keys("/2"));
  Cache after(1 << 20);
  EXPECT_EQ(restore(after, snapshot_of(before, PageForm::kZstd, false)), 1u);
  EXPECT_EQ(after.find(name("no-store"), keys("/").site), nullptr);
}

TEST(Snapshot, ThatIsDamagedGivesWhatCameBefore) {
  Cache before(1 << 20);
  fill(before);
  const Bytes whole = snapshot_of(before);
  for (const std::size_t at : {whole.size() / 4, whole.size() / 2, whole.size() - 20}) {
    Bytes damaged = whole;
    damaged[at] ^= 0x10;
    Cache after(1 << 20);
    EXPECT_FALSE(restore(after, damaged)) << at;
    EXPECT_LT(after.counters().versions, 4u);
    EXPECT_TRUE(restore(after, ByteView(whole).first(at)));  // cut off
  }
  Cache after(1 << 20);
  EXPECT_EQ(restore(after, as_bytes("GIF89a and more")).error().code, Errc::kUnsupported);
}

TEST(Snapshot, ReservesNothingForALengthThatIsAClaim) {
  Bytes claim = snapshot_head();
  ByteWriter out(claim);
  out.u8(1);
  out.u32(0xffffffff);
  out.u64(0);
  Cache cache(1 << 20);
  EXPECT_EQ(restore(cache, claim), 0u);
}

TEST(Snapshot, GoesOnBehindARecordThatIsTooLarge) {
  Cache before(1 << 20);
  before.insert(version("behind"), keys("/1"));
  Bytes all = snapshot_head();
  append(all, encode_record(SnapshotKind::kStatistics, Bytes(kPageLimit + 1, 'x')));
  append(all, ByteView(snapshot_of(before)).subspan(snapshot_head().size()));
  for (const std::size_t piece : {std::size_t{1000}, all.size()}) {
    Cache after(1 << 20);
    EXPECT_EQ(restore(after, all, piece), 1u);
    EXPECT_NE(after.find(name("behind"), keys("/").site), nullptr);
  }
}

TEST(Snapshot, WithRecordsOfLaterProgramsIsReadWithoutThem) {
  Cache before(1 << 20);
  fill(before);
  Bytes all = snapshot_head();
  append(all, encode_record(static_cast<SnapshotKind>(200), as_bytes("of a later program")));
  append(all, ByteView(snapshot_of(before)).subspan(snapshot_head().size()));
  Cache after(1 << 20);
  EXPECT_EQ(restore(after, all), 4u);
}

}  // namespace
}  // namespace railgun::page
