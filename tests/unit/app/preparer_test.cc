#include "railgund/app/preparer.h"

#include <gtest/gtest.h>

namespace railgun::app {
namespace {

page::VersionPtr version_of(std::size_t bytes) {
  return std::make_shared<page::Version>(Id128{}, Bytes(bytes, 'x'), page::Keep::kMemoryOnly);
}

TEST(Preparer, PreparesWhatTheTierWants) {
  Preparer preparer;
  const page::VersionPtr fast = version_of(50'000);
  const page::VersionPtr strong = version_of(50'000);
  const std::size_t before = fast->reference.memory_bytes();
  preparer.add(fast, false);
  preparer.add(strong, true);
  preparer.wait();
  EXPECT_GT(fast->reference.memory_bytes(), before);
  EXPECT_GT(strong->reference.memory_bytes(), fast->reference.memory_bytes());
}

TEST(Preparer, EndsWithVersionsWaiting) {
  Preparer preparer;
  for (int i = 0; i < 1000; ++i) preparer.add(version_of(10'000), true);
}

}  // namespace
}  // namespace railgun::app
