#include "railgund/page/common_text.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "railgund/base/text.h"

namespace railgun::page {
namespace {

const CommonText::Place kPlace{.link = 1, .page = hash128(as_bytes("page"))};
constexpr std::size_t kRoom = 1 << 20;

// A page of forty entries, some of them a visitor's own.
std::string page_of(const std::string& name, bool ends_with_more = false) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(i);
    text += "<div class=\"entry\" id=\"entry-" + number + "\"><p>The text of entry number " + number + "</p></div>\n";
    if (i % 10 == 0) text += "<input type=\"hidden\" name=\"token\" value=\"" + name + "-secret-" + number + "\">\n";
  }
  return ends_with_more ? text + "<p>A paragraph that only some of the visitors were shown.</p>\n" : text;
}

CommonText::Visitor visitor(int number, const std::string& network = "") {
  return {.credentials = hash128(as_bytes("visitor" + std::to_string(number))),
          .network = network.empty() ? "192.0." + std::to_string(number) + ".0" : network};
}

class CommonTextTest : public testing::Test {
 protected:
  std::optional<std::string> receive(const std::string& text, const CommonText::Visitor& by, unsigned required = 3,
                                     const CommonText::Place& place = kPlace) {
    CommonText::Text page(as_bytes(text), hash_);
    const auto common = texts_.received(place, page, by, required, now_);
    return common ? std::optional(std::string(as_text(*common))) : std::nullopt;
  }

  KeyedHash hash_{Bytes(32, 3)};
  CommonText texts_{kRoom};
  Instant now_{};
};

TEST_F(CommonTextTest, HoldsWhatAllVisitorsWereSentAndNothingOfOne) {
  EXPECT_FALSE(receive(page_of("ann"), visitor(1)));
  EXPECT_FALSE(receive(page_of("bob", true), visitor(2)));
  const auto common = receive(page_of("cid", true), visitor(3));
  ASSERT_TRUE(common);
  EXPECT_EQ(common->find("secret"), std::string::npos);
  EXPECT_EQ(common->find("paragraph"), std::string::npos);
  EXPECT_NE(common->find("<p>The text of entry number 7</p>"), std::string::npos);
  EXPECT_GT(common->size(), page_of("").size() * 3 / 4);
  // The next three begin anew.
  EXPECT_FALSE(receive(page_of("dan"), visitor(4)));
}

// The rows of a table: each is much like the others.
TEST_F(CommonTextTest, HoldsAStretchAsOftenAsAllHaveIt) {
  const std::string row = "<tr class=\"a row like all the others\"><td>A cell with the same text</td></tr>\n";
  const auto table = [&](int rows) {
    std::string text = page_of("ann");
    for (int i = 0; i < rows; ++i) text += row;
    return text;
  };
  EXPECT_FALSE(receive(table(20), visitor(1)));
  EXPECT_FALSE(receive(table(12), visitor(2)));
  const auto common = receive(table(16), visitor(3));
  ASSERT_TRUE(common);
  int rows = 0;
  for (std::size_t at = common->find(row); at != std::string::npos; at = common->find(row, at + 1)) ++rows;
  EXPECT_EQ(rows, 12);
}

TEST_F(CommonTextTest, CountsNobodyTwice) {
  EXPECT_FALSE(receive(page_of("ann"), visitor(1)));
  // The same visitor with a new cookie, and from another network.
  EXPECT_FALSE(receive(page_of("ann"), visitor(2, "192.0.1.0")));
  EXPECT_FALSE(receive(page_of("ann"), visitor(1, "198.51.100.0")));
  // Whose network is not known is nobody.
  EXPECT_FALSE(receive(page_of("eve"), {.credentials = {}, .network = ""}, 3, kPlace));
  EXPECT_FALSE(receive(page_of("bob"), visitor(3)));
  EXPECT_TRUE(receive(page_of("cid"), visitor(4)));
}

TEST_F(CommonTextTest, CountsVisitorsOfTheSameHalfHour) {
  EXPECT_FALSE(receive(page_of("ann"), visitor(1)));
  EXPECT_FALSE(receive(page_of("bob"), visitor(2)));
  now_ += CommonText::kWithin + std::chrono::seconds(1);
  EXPECT_FALSE(receive(page_of("cid"), visitor(3)));
  EXPECT_FALSE(receive(page_of("dan"), visitor(4)));
  EXPECT_TRUE(receive(page_of("eve"), visitor(5)));
}

TEST_F(CommonTextTest, KeepsTheOrderThatAllHave) {
  const std::string one = "<li>The first of the entries of a list</li>\n";
  const std::string two = "<li>The second of the entries of a list</li>\n";
  const std::string before = "<p>A line before the list and for everybody</p>\n";
  EXPECT_FALSE(receive(page_of("ann") + before + one + two, visitor(1)));
  EXPECT_FALSE(receive(page_of("bob") + before + two + one, visitor(2)));
  const auto common = receive(page_of("cid") + before + one + two, visitor(3));
  ASSERT_TRUE(common);
  // One of the two: that somebody has both in this order is a secret.
  EXPECT_NE(common->find("The first") == std::string::npos, common->find("The second") == std::string::npos);
}

TEST_F(CommonTextTest, IsNothingWherePagesHaveLittleInCommon) {
  for (int i = 1; i <= 3; ++i) {
    std::string own;
    for (int line = 0; line < 100; ++line)
      own +=
          "<p>line " + std::to_string(line) + " of visitor " + std::to_string(i) + " alone, and of nobody else</p>\n";
    EXPECT_FALSE(receive(own, visitor(i))) << i;
  }
  EXPECT_FALSE(receive("short", visitor(4), 1));
  EXPECT_FALSE(receive(std::string(CommonText::kMostPageBytes + 1, '>'), visitor(5), 1));
}

TEST_F(CommonTextTest, HoldsNoMoreThanItsLimitForAllLinksTogether) {
  constexpr std::size_t kLimit = 100'000;
  texts_.set_limit(kLimit);
  std::size_t most = 0;
  for (std::uint64_t link = 1; link <= 1000; ++link) {
    for (int page = 0; page < 3; ++page) {
      const CommonText::Place place{.link = link, .page = hash128(as_bytes("page" + std::to_string(page)))};
      EXPECT_FALSE(receive(page_of("ann"), visitor(1), 3, place));
      most = std::max(most, texts_.bytes());
      ASSERT_LE(texts_.bytes(), kLimit);
    }
  }
  EXPECT_GT(most, kLimit / 2);
  texts_.set_limit(kLimit / 4);
  EXPECT_LE(texts_.bytes(), kLimit / 4);
  EXPECT_GT(texts_.bytes(), 0U);
  texts_.set_limit(0);
  EXPECT_EQ(texts_.bytes(), 0U);
  // Without room nothing is known of the visitors before.
  EXPECT_FALSE(receive(page_of("ann"), visitor(1), 2));
  EXPECT_FALSE(receive(page_of("bob"), visitor(2), 2));
}

TEST_F(CommonTextTest, DropsWhatHasBeenWatchedLongest) {
  EXPECT_FALSE(receive(page_of("ann"), visitor(1), 2));
  texts_.set_limit(2 * texts_.bytes() + texts_.bytes() / 2);
  for (std::uint64_t link = 2; link <= 3; ++link) {
    const CommonText::Place other{.link = link, .page = kPlace.page};
    EXPECT_FALSE(receive(page_of("ann"), visitor(1), 2, other));
  }
  EXPECT_FALSE(receive(page_of("bob"), visitor(2), 2));
  EXPECT_TRUE(receive(page_of("bob"), visitor(2), 2, {.link = 3, .page = kPlace.page}));
}

TEST_F(CommonTextTest, ForgetsWhatCameOverALinkThatIsGone) {
  const CommonText::Place other{.link = 2, .page = kPlace.page};
  EXPECT_FALSE(receive(page_of("ann"), visitor(1), 2));
  const std::size_t of_one = texts_.bytes();
  EXPECT_FALSE(receive(page_of("ann"), visitor(1), 2, other));
  texts_.forget(1);
  EXPECT_EQ(texts_.bytes(), of_one);
  EXPECT_FALSE(receive(page_of("bob"), visitor(2), 2));
  EXPECT_TRUE(receive(page_of("bob"), visitor(2), 2, other));
}

TEST_F(CommonTextTest, WatchesABoundedNumberOfPagesForEachLink) {
  for (std::size_t i = 0; i < 10 * CommonText::kPages; ++i) {
    const Id128 page = hash128(as_bytes("page" + std::to_string(i)));
    const std::string text(1024, 'x');
    EXPECT_FALSE(receive(text, visitor(1), 3, {.link = 1, .page = page}));
  }
  EXPECT_LE(texts_.bytes(), CommonText::kPages * 512);
}

}  // namespace
}  // namespace railgun::page
