#include "railgund/delta/window_index.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

// All numbers that find() gives.
std::vector<std::uint32_t> numbers_at(const WindowIndex& index, const std::uint8_t* window) {
  const auto found = index.find(WindowIndex::hash_of(window));
  std::vector<std::uint32_t> all;
  if (found.first != WindowIndex::kNone) all.push_back(found.first);
  all.insert(all.end(), found.others.begin(), found.others.end());
  return all;
}

TEST(WindowIndex, FindsEveryWindowInTheOrderOfTheirPlaces) {
  Bytes page = test::noise(5000, 1);
  // Some windows twice, and one many times.
  page.insert(page.end(), page.begin(), page.begin() + 1000);
  page.resize(page.size() + 400, 'x');
  const WindowIndex index(page);
  for (std::size_t at = 0; at + WindowIndex::kWindow <= page.size(); at += WindowIndex::kStride) {
    ASSERT_TRUE(index.may_have(WindowIndex::hash_of(page.data() + at)));
    const auto numbers = numbers_at(index, page.data() + at);
    EXPECT_TRUE(std::ranges::binary_search(numbers, at / WindowIndex::kStride));
    EXPECT_EQ(std::ranges::adjacent_find(numbers, std::greater_equal<>()), numbers.end());
  }
}

TEST(WindowIndex, SaysAtOnceThatMostNewTextIsNotThere) {
  const WindowIndex index(test::noise(100'000, 2));
  const Bytes other = test::noise(10'000, 3);
  int maybe = 0;
  for (std::size_t at = 0; at + WindowIndex::kWindow <= other.size(); ++at) {
    maybe += index.may_have(WindowIndex::hash_of(other.data() + at)) ? 1 : 0;
  }
  EXPECT_LT(maybe, 1500);
}

TEST(WindowIndex, OfAPageShorterThanAWindowIsEmpty) {
  for (const std::size_t size : {0, 1, 15}) {
    const WindowIndex index(test::noise(size, 4));
    EXPECT_TRUE(numbers_at(index, test::noise(16, 4).data()).empty());
  }
}

}  // namespace
}  // namespace railgun::delta
