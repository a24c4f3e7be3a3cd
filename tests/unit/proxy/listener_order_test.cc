#include "railgund/proxy/listener_order.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

using namespace std::chrono_literals;

constexpr int kPages = 20'000;

Id128 page(int number) { return hash128(as_bytes("/page/" + std::to_string(number))); }
Endpoint at(const std::string& host) { return {host, 2408}; }

// Of all pages, the part that each listener comes first for.
std::map<std::string, double> parts(const std::vector<WeighedListener>& listeners) {
  std::map<std::string, double> parts;
  for (int i = 0; i < kPages; ++i) parts[listener_order(listeners, page(i)).front().host] += 1.0 / kPages;
  return parts;
}

TEST(ListenerOrder, GivesEachListenerItsPart) {
  const auto got = parts({{at("a"), 3}, {at("b"), 1}, {at("c"), 0.5}});
  EXPECT_NEAR(got.at("a"), 3 / 4.5, 0.02);
  EXPECT_NEAR(got.at("b"), 1 / 4.5, 0.02);
  EXPECT_NEAR(got.at("c"), 0.5 / 4.5, 0.02);
}

TEST(ListenerOrder, PutsStandbysLastAsTheyAreGiven) {
  for (int i = 0; i < 50; ++i) {
    const auto order = listener_order({{at("s"), 0}, {at("a"), 1}, {at("t"), 0}, {at("b"), 1}}, page(i));
    EXPECT_EQ(order.at(2).host, "s");
    EXPECT_EQ(order.at(3).host, "t");
  }
}

TEST(ListenerOrder, MovesOnlyThePagesOfTheListenerThatChanges) {
  const std::vector<WeighedListener> three = {{at("a"), 1}, {at("b"), 1}, {at("c"), 1}};
  const std::vector<WeighedListener> weaker = {{at("a"), 1}, {at("b"), 1}, {at("c"), 0.25}};
  std::map<std::string, int> second;
  for (int i = 0; i < kPages; ++i) {
    const auto before = listener_order(three, page(i));
    const auto after = listener_order(weaker, page(i));
    if (before.front().host == "c") {
      ++second[before.at(1).host];
    } else {
      EXPECT_EQ(before.front(), after.front());
    }
  }
  // Those of one that fails are spread over the others.
  EXPECT_NEAR(second["a"], second["b"], kPages * 0.02);
}

TEST(ListenerOrder, GivesTheWeightBackLittleByLittle) {
  EXPECT_DOUBLE_EQ(part_of_weight(0s, 30s), 1.0 / 16);
  EXPECT_DOUBLE_EQ(part_of_weight(15s, 30s), 0.5);
  EXPECT_DOUBLE_EQ(part_of_weight(30s, 30s), 1);
  EXPECT_DOUBLE_EQ(part_of_weight(0s, 0s), 1);
}

}  // namespace
}  // namespace railgun::proxy
