#include "railgund/app/preparer.h"

#include <gtest/gtest.h>

namespace railgun::app {
namespace {

page::VersionPtr version_of(std::size_t bytes, std::string_view name = {}) {
  return std::make_shared<page::Version>(hash128(as_bytes(name)), Bytes(bytes, 'x'), page::Keep::kMemoryOnly);
}

TEST(Preparer, PreparesWhatTheTierWants) {
  page::Cache cache(64 << 20);
  Preparer preparer(cache);
  const page::VersionPtr fast = version_of(50'000, "fast");
  const page::VersionPtr strong = version_of(50'000, "strong");
  cache.insert(fast, Id128{});
  cache.insert(strong, Id128{});
  const std::size_t before = fast->reference.memory_bytes();
  preparer.add(fast, false);
  preparer.add(strong, true);
  preparer.wait();
  EXPECT_GT(fast->reference.memory_bytes(), before);
  EXPECT_GT(strong->reference.memory_bytes(), fast->reference.memory_bytes());
}

TEST(Preparer, ChargesTheCacheForIt) {
  page::Cache cache(64 << 20);
  const page::VersionPtr version = version_of(50'000);
  cache.insert(version, Id128{});
  const std::size_t before = cache.counters().bytes;
  const std::size_t held = version->reference.memory_bytes();
  Preparer preparer(cache);
  preparer.add(version, false);
  preparer.wait();
  EXPECT_GT(version->reference.memory_bytes(), held);
  EXPECT_EQ(cache.counters().bytes - before, version->reference.memory_bytes() - held);
}

TEST(Preparer, PassesOverWhatHasLeftTheCache) {
  page::Cache cache(64 << 20);
  const page::VersionPtr version = version_of(50'000);
  Preparer preparer(cache);
  preparer.add(version, false);
  preparer.wait();
  EXPECT_EQ(version->reference.prepared_memory_bytes(), 0u);
}

TEST(Preparer, EndsWithVersionsWaiting) {
  page::Cache cache(64 << 20);
  Preparer preparer(cache);
  for (int i = 0; i < 1000; ++i) preparer.add(version_of(10'000), true);
}

}  // namespace
}  // namespace railgun::app
