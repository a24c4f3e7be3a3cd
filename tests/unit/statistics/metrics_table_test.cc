#include "railgund/statistics/metrics_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "railgund/statistics/manual.h"
#include "railgund/statistics/totals.h"

namespace railgun::statistics {
namespace {

// How many rows read the 8 bytes at `place` of `object`.
template <typename Value, typename Struct>
long rows_at(const Struct& object, const std::byte* place) {
  return std::count_if(metrics().begin(), metrics().end(), [&](const Metric& metric) {
    const auto* member = std::get_if<Value Struct::*>(&metric.member);
    return member != nullptr && reinterpret_cast<const std::byte*>(&(object.**member)) == place;
  });
}

// Each number from the first member of `object` up to `end` has exactly one row.
template <typename Value, typename Struct>
void expect_a_row_for_each(const Struct& object, const void* end) {
  static_assert(sizeof(Value) == 8);
  const auto* place = reinterpret_cast<const std::byte*>(&object);
  for (; place < static_cast<const std::byte*>(end); place += sizeof(Value)) {
    EXPECT_EQ((rows_at<Value>(object, place)), 1)
        << "the number at byte " << place - reinterpret_cast<const std::byte*>(&object);
  }
}

TEST(MetricsTable, HasARowForEachCounterOfAWorker) {
  const auto counters = std::make_unique<proxy::Counters>();
  expect_a_row_for_each<proxy::Counter>(*counters, &counters->current_request);
}

TEST(MetricsTable, HasARowForEachCounterOfTheCache) {
  const page::CacheCounters counters;
  expect_a_row_for_each<std::uint64_t>(counters, &counters + 1);
}

TEST(MetricsTable, HasARowForEachCounterOfMemcached) {
  const memcached::Counters counters;
  expect_a_row_for_each<std::uint64_t>(counters, &counters.is_open);
}

TEST(MetricsTable, HasARowForEachCounterOfASite) {
  const proxy::SiteCounters site("a.test");
  const auto* place = reinterpret_cast<const std::byte*>(&site.requests);
  for (; place < reinterpret_cast<const std::byte*>(&site + 1); place += sizeof(proxy::Counter)) {
    EXPECT_EQ(std::count_if(site_metrics().begin(), site_metrics().end(),
                            [&](const SiteMetric& metric) {
                              return reinterpret_cast<const std::byte*>(&(site.*metric.counter)) == place;
                            }),
              1);
  }
}

TEST(MetricsTable, HasARowForEachHistogram) {
  const auto spread = std::make_unique<proxy::Distributions>();
  std::set<const Histogram*> read;
  for (const SpreadMetric& metric : spread_metrics()) read.insert(&(*spread.*metric.histogram));
  EXPECT_EQ(read.size(), sizeof(proxy::Distributions) / sizeof(Histogram));
}

TEST(MetricsTable, NamesEachNumberOnceAndExplainsIt) {
  std::set<std::string> json, prometheus;
  for (const Metric& metric : metrics()) {
    ASSERT_NE(metric.prometheus, nullptr);
    ASSERT_NE(metric.help, nullptr) << metric.prometheus;
    const std::string label = metric.label.name == nullptr ? "" : metric.label.value;
    EXPECT_TRUE(prometheus.insert(metric.prometheus + label).second) << metric.prometheus;
    if (metric.json != nullptr) {
      EXPECT_TRUE(json.insert(metric.json).second) << metric.json;
    }
    // https://prometheus.io/docs/practices/naming/
    EXPECT_EQ(std::string_view(metric.prometheus).ends_with("_total"), metric.type == Type::kCounter)
        << metric.prometheus;
  }
}

TEST(MetricsTable, HasAHelpTextForEachFamilyWithLabels) {
  for (const Metric& metric : metrics()) {
    const bool is_listed = std::any_of(families().begin(), families().end(), [&](const Family& family) {
      return std::strcmp(family.name, metric.prometheus) == 0;
    });
    EXPECT_EQ(is_listed, metric.label.name != nullptr) << metric.prometheus;
  }
}

TEST(Numbers, AreAddedUpOverWorkers) {
  const auto one = std::make_unique<proxy::Counters>(), other = std::make_unique<proxy::Counters>();
  one->answers_527.add(2);
  one->requests_failed.add(2);
  other->answers_527.add(1);
  other->requests_failed.add(1);
  other->sites.at("a.test", true).requests.add(4);
  other->sites.at("a.test", true).failed.add(1);
  Totals totals;
  add_counters(totals, *one);
  add_counters(totals, *other);
  EXPECT_EQ(totals[&proxy::Counters::answers_527], 3U);
  EXPECT_EQ(totals[&proxy::Counters::requests_failed], 3U);
  EXPECT_EQ(totals[&proxy::Counters::requests_started], 0U);
  EXPECT_EQ(totals.sites.at("a.test").requests, 4U);
  EXPECT_EQ(totals.sites.at("a.test").failed, 1U);
}

std::string read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Tests run in the root of the repository. To write the chapter again after a change of the table:
//   RAILGUN_WRITE_SAMPLE=1 build/dev/bin/unit_statistics --gtest_filter='MetricsTable.IsTheChapterInTheManual'
TEST(MetricsTable, IsTheChapterInTheManual) {
  constexpr const char* kManual = "doc/OPERATIONS.md";
  constexpr std::string_view kHeading = "\n### All metrics\n";
  const std::string manual = read(kManual);
  const std::size_t heading = manual.find(kHeading);
  ASSERT_NE(heading, std::string::npos);
  const std::size_t begin = heading + kHeading.size();
  const std::size_t end = manual.find("\n#", begin) + 1;
  ASSERT_NE(end, 0U);
  if (std::getenv("RAILGUN_WRITE_SAMPLE") != nullptr) {
    std::ofstream(kManual) << manual.substr(0, begin) + metrics_chapter() + manual.substr(end);
    return;
  }
  EXPECT_EQ(manual.substr(begin, end - begin), metrics_chapter());
}

}  // namespace
}  // namespace railgun::statistics
