#include "railgund/delta/packed_page.h"

#include <gtest/gtest.h>

#include "railgund/delta/reference.h"

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

TEST(PackedPage, GivesThePageBack) {
  for (const std::size_t size : {std::size_t{100}, std::size_t{5000}, std::size_t{300'000}}) {
    const Bytes page(size, 'x');
    const auto packed = PackedPage::make(page, nullptr);
    ASSERT_NE(packed, nullptr);
    EXPECT_EQ(packed->page_bytes(), size);
    EXPECT_LT(packed->memory_bytes(), 300u);
    EXPECT_EQ(packed->unpack(), page);
  }
}

TEST(PackedPage, IsNotMadeWhereItSavesLittle) {
  EXPECT_EQ(PackedPage::make(test::noise(5000, 1), nullptr), nullptr);
  EXPECT_EQ(PackedPage::make({}, nullptr), nullptr);
}

TEST(PackedPage, TakesWhatItsBaseHasFromThere) {
  const auto base = std::make_shared<const Bytes>(test::noise(60'000, 1));
  Bytes page = *base;
  page[30'000] ^= 1;
  const auto packed = PackedPage::make(page, base);
  ASSERT_NE(packed, nullptr);
  EXPECT_LT(packed->memory_bytes(), 400u);
  EXPECT_EQ(packed->unpack(), page);
}

TEST(PackedPage, KeepsItsBase) {
  auto base = std::make_shared<const Bytes>(test::noise(5000, 1));
  const Bytes page = *base;
  const auto packed = PackedPage::make(page, base);
  const std::weak_ptr<const Bytes> watched = base;
  base.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(packed->unpack(), page);
}

TEST(Reference, UnpacksItsPageWhenItIsAskedFor) {
  const Bytes page(5000, 'x');
  const Reference plain(page);
  const Reference reference(PackedPage::make(page, nullptr));
  EXPECT_FALSE(reference.is_unpacked());
  EXPECT_EQ(reference.size(), 5000u);
  EXPECT_LT(reference.page_memory_bytes(), 1000u);
  EXPECT_EQ(reference.hash(), plain.hash());
  EXPECT_TRUE(reference.is_unpacked());
  EXPECT_EQ(to_bytes(reference.bytes()), page);
  EXPECT_GT(reference.page_memory_bytes(), 5000u);
}

}  // namespace
}  // namespace railgun::delta
