#include "railgund/dictionary/stretches.h"

#include <string>

#include <gtest/gtest.h>

namespace railgun::dictionary {
namespace {

std::vector<std::string> stretches(const std::string& text) {
  std::vector<std::string> all;
  for (const ByteView stretch : stretches_of(as_bytes(text))) all.emplace_back(as_text(stretch));
  return all;
}

TEST(Stretches, EndBehindLines) {
  EXPECT_EQ(stretches(""), std::vector<std::string>{});
  EXPECT_EQ(stretches("a\nb"), (std::vector<std::string>{"a\n", "b"}));
  EXPECT_EQ(stretches("\n\n"), (std::vector<std::string>{"\n", "\n"}));
}

TEST(Stretches, EndBehindTagsAttributesAndWordsOnceTheyAreLongEnough) {
  const std::string first(kLeastStretch - 1, 'x');
  for (const std::string end : {">", "\"", "&", ",", ";", " "}) {
    EXPECT_EQ(stretches(first + end + "<b>c"), (std::vector<std::string>{first + end, "<b>c"}));
    EXPECT_EQ(stretches(first.substr(1) + end + "b" + end + "c"),
              (std::vector<std::string>{first.substr(1) + end + "b" + end, "c"}));
  }
  EXPECT_EQ(stretches(R"(<a href="/index.php?title=One&action=edit">)"),
            (std::vector<std::string>{R"(<a href="/index.php?title=One&)", R"(action=edit">)"}));
}

TEST(Stretches, AreNeverLongerThanTheMost) {
  const auto all = stretches(std::string(2 * kMostStretch + 1, 'x'));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].size(), kMostStretch);
  EXPECT_EQ(all[2], "x");
}

}  // namespace
}  // namespace railgun::dictionary
