#include "railgund/log/writer.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace railgun::log {
namespace {

using namespace std::chrono_literals;

// What all sinks of a test share: whether they take lines, and what they took.
struct Place {
  std::atomic<bool> is_stuck = false;
  std::mutex mutex;
  std::vector<std::string> texts;
};

class PlaceSink final : public Sink {
 public:
  explicit PlaceSink(Place& place) : place_(place) {}
  bool write(const Line& line) override {
    if (place_.is_stuck) return false;
    const std::scoped_lock lock(place_.mutex);
    place_.texts.push_back(line.text);
    return true;
  }

 private:
  Place& place_;
};

TEST(Writer, WritesTheLinesInTheirOrder) {
  Place place;
  Writer writer(std::make_unique<PlaceSink>(place));
  for (int i = 0; i < 100; ++i) writer.add({LogLevel::kError, std::to_string(i), {}});
  ASSERT_TRUE(writer.flush(60s));
  ASSERT_EQ(place.texts.size(), 100U);
  EXPECT_EQ(place.texts[99], "99");
  EXPECT_EQ(writer.waiting(), 0U);
  EXPECT_EQ(writer.dropped(), 0U);
}

TEST(Writer, APlaceThatTakesNothingHoldsUpNobody) {
  Place place;
  place.is_stuck = true;
  Writer writer(std::make_unique<PlaceSink>(place));
  const std::string text(1000, 'x');
  for (int i = 0; i < 10'000; ++i) writer.add({LogLevel::kError, text, {}});
  EXPECT_GT(writer.dropped(), 8000U);
  EXPECT_LE(writer.waiting() * text.size(), Writer::kQueueBytes + text.size());
  EXPECT_FALSE(writer.flush(1ms));

  place.is_stuck = false;
  ASSERT_TRUE(writer.flush(60s));
  EXPECT_EQ(writer.waiting(), 0U);
  EXPECT_EQ(std::ranges::count(place.texts, text), 10'000 - static_cast<std::ptrdiff_t>(writer.dropped()));
  EXPECT_TRUE(std::ranges::any_of(
      place.texts, [](const std::string& each) { return each.find("lines were dropped") != std::string::npos; }));
}

TEST(Writer, LinesThatWaitGoToTheNewPlace) {
  Place stuck, good;
  stuck.is_stuck = true;
  Writer writer(std::make_unique<PlaceSink>(stuck));
  writer.add({LogLevel::kError, "a", {}});
  writer.add({LogLevel::kError, "b", {}});
  writer.set_sink(std::make_unique<PlaceSink>(good));
  ASSERT_TRUE(writer.flush(60s));
  EXPECT_EQ(good.texts, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(stuck.texts.empty());
}

TEST(Writer, EndsAlsoIfLinesWait) {
  Place place;
  place.is_stuck = true;
  Writer writer(std::make_unique<PlaceSink>(place));
  writer.add({LogLevel::kError, "a", {}});
}

}  // namespace
}  // namespace railgun::log
