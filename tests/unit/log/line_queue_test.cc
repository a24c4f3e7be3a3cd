#include "railgund/log/line_queue.h"

#include <vector>

#include <gtest/gtest.h>

namespace railgun::log {
namespace {

std::vector<std::string> all_of(LineQueue& queue) {
  std::vector<std::string> texts;
  while (const auto line = queue.pop()) texts.push_back(line->text);
  return texts;
}

constexpr std::size_t kLine = sizeof(Line) + 1;  // a line of one letter

TEST(LineQueue, GivesLinesInTheirOrder) {
  LineQueue queue(2 * kLine);
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.push({LogLevel::kError, "a", {}}));
  EXPECT_TRUE(queue.push({LogLevel::kError, "b", {}}));
  EXPECT_EQ(queue.bytes(), 2 * kLine);
  EXPECT_EQ(all_of(queue), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(LineQueue, DropsWhatDoesNotFitAndSaysHowManyWhereTheyWere) {
  LineQueue queue(2 * kLine);
  EXPECT_TRUE(queue.push({LogLevel::kError, "a", {}}));
  EXPECT_TRUE(queue.push({LogLevel::kError, "b", {}}));
  EXPECT_FALSE(queue.push({LogLevel::kError, "c", {}}));
  EXPECT_FALSE(queue.push({LogLevel::kError, "d", {}}));
  EXPECT_EQ(queue.dropped(), 2U);
  EXPECT_EQ(queue.pop()->text, "a");
  EXPECT_TRUE(queue.push({LogLevel::kError, "e", {}}));
  const auto texts = all_of(queue);
  ASSERT_EQ(texts.size(), 3U);
  EXPECT_EQ(texts[0], "b");
  EXPECT_TRUE(texts[1].starts_with("log: 2 lines were dropped")) << texts[1];
  EXPECT_EQ(texts[2], "e");
}

TEST(LineQueue, SaysHowManyAlsoIfNoLineFollows) {
  LineQueue queue(kLine);
  EXPECT_TRUE(queue.push({LogLevel::kError, "a", {}}));
  EXPECT_FALSE(queue.push({LogLevel::kError, "b", {}}));
  EXPECT_EQ(queue.pop()->text, "a");
  EXPECT_FALSE(queue.empty());
  EXPECT_TRUE(queue.pop()->text.starts_with("log: 1 lines were dropped"));
  EXPECT_FALSE(queue.pop());
  EXPECT_EQ(queue.dropped(), 1U);
}

}  // namespace
}  // namespace railgun::log
