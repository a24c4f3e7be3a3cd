#include "railgund/delta/compare.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/delta/pages.h"

namespace railgun::delta {
namespace {

// Every place of the first difference, on both sides of every vector's width.
TEST(Compare, FindsTheFirstDifferenceFromEitherSide) {
  const Bytes page = test::noise(700, 1);
  for (std::size_t at = 0; at < page.size(); ++at) {
    Bytes other = page;
    other[at] ^= 0x80;
    EXPECT_EQ(common_prefix(page.data(), other.data(), page.size()), at);
    EXPECT_EQ(common_suffix(page.data() + page.size(), other.data() + other.size(), page.size()), page.size() - 1 - at);
  }
}

TEST(Compare, StopsAtTheLimit) {
  const Bytes page = test::noise(700, 2);
  const Bytes same = page;
  for (std::size_t limit = 0; limit <= page.size(); ++limit) {
    EXPECT_EQ(common_prefix(page.data(), same.data(), limit), limit);
    EXPECT_EQ(common_suffix(page.data() + page.size(), same.data() + same.size(), limit), limit);
  }
}

TEST(Compare, TakesStretchesThatBeginAnywhere) {
  const Bytes page = test::noise(700, 3);
  for (std::size_t shift = 0; shift < 70; ++shift) {
    Bytes moved(shift + page.size());
    std::ranges::copy(page, moved.begin() + static_cast<std::ptrdiff_t>(shift));
    EXPECT_EQ(common_prefix(page.data(), moved.data() + shift, page.size()), page.size());
    EXPECT_EQ(common_suffix(page.data() + page.size(), moved.data() + moved.size(), page.size()), page.size());
  }
}

}  // namespace
}  // namespace railgun::delta
