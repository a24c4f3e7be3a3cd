#include "railgund/proxy/origin_places.h"

#include <vector>

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

Claimant of(const std::string& visitor, const std::string& site = "a.test", std::uint64_t link = 1) {
  return {.link = link, .site = site, .visitor = visitor};
}

std::size_t take_all(OriginPlaces& places, const Claimant& claimant, OriginUse use = OriginUse::kAnswer) {
  std::size_t count = 0;
  while (places.may_take(claimant, use)) {
    places.take(claimant, use);
    ++count;
  }
  return count;
}

TEST(OriginPlaces, LeaveAnEighthForOthers) {
  OriginPlaces places(256);
  EXPECT_EQ(take_all(places, of("a", "a.test", 1)), 224U);
  EXPECT_EQ(take_all(places, of("b", "b.test", 2)), 28U);
  EXPECT_GT(take_all(places, of("c", "c.test", 3)), 0U);
}

TEST(OriginPlaces, AreAllForOneWhereThereAreFew) {
  for (std::size_t most = 1; most < 8; ++most) {
    OriginPlaces places(most);
    EXPECT_EQ(take_all(places, of("a")), most);
    OriginPlaces for_streams(most);
    EXPECT_EQ(take_all(for_streams, of("a"), OriginUse::kStream), most);
  }
}

TEST(OriginPlaces, AVisitorsShareCountsOverAllSitesAndLinks) {
  OriginPlaces places(16);
  EXPECT_EQ(take_all(places, of("a")), 14U);
  EXPECT_FALSE(places.may_take(of("a", "b.test", 1), OriginUse::kAnswer));
  EXPECT_FALSE(places.may_take(of("a", "a.test", 2), OriginUse::kAnswer));
  // Nor does it use up what its site and its link may have.
  EXPECT_TRUE(places.may_take(of("b", "a.test", 1), OriginUse::kAnswer));
}

TEST(OriginPlaces, ASiteLeavesSomeForOtherSitesOfTheSameLink) {
  OriginPlaces places(16);
  std::size_t held = 0;
  for (int i = 0; i < 100; ++i) held += take_all(places, of("v" + std::to_string(i)));
  EXPECT_EQ(held, 15U);
  EXPECT_TRUE(places.may_take(of("other", "b.test", 1), OriginUse::kAnswer));
}

TEST(OriginPlaces, LeaveAnEighthForAnswersWhoeverStreams) {
  OriginPlaces places(16);
  std::size_t streams = 0;
  for (std::uint64_t i = 0; i < 100; ++i)
    streams += take_all(places, of("v" + std::to_string(i), "s" + std::to_string(i), i), OriginUse::kStream);
  EXPECT_EQ(streams, 14U);
  EXPECT_TRUE(places.may_take(of("v0", "s0", 0), OriginUse::kAnswer));
}

TEST(OriginPlaces, AreFreeWhenGivenBack) {
  OriginPlaces places(2);
  places.take(of("a"), OriginUse::kAnswer);
  places.take(of("a"), OriginUse::kStream);
  EXPECT_FALSE(places.may_take(of("b"), OriginUse::kAnswer));
  places.give_back(of("a"), OriginUse::kStream);
  EXPECT_TRUE(places.may_take(of("b"), OriginUse::kAnswer));
  EXPECT_EQ(places.held(), 1U);
}

TEST(OriginQueue, ServesVisitorsInTurn) {
  const OriginPlaces places(1);
  OriginQueue queue;
  for (std::uint64_t i = 1; i <= 3; ++i) queue.add(CallId{i}, of("a"), OriginUse::kAnswer);
  queue.add(CallId{10}, of("b"), OriginUse::kAnswer);
  std::vector<CallId> served;
  while (auto next = queue.take_next(places)) served.push_back(*next);
  EXPECT_EQ(served, (std::vector<CallId>{CallId{1}, CallId{10}, CallId{2}, CallId{3}}));
  EXPECT_TRUE(queue.empty());
}

TEST(OriginQueue, PassesOverWhatMayHaveNoPlace) {
  OriginPlaces places(16);
  take_all(places, of("a"), OriginUse::kStream);
  OriginQueue queue;
  queue.add(CallId{1}, of("a"), OriginUse::kStream);
  queue.add(CallId{2}, of("a"), OriginUse::kAnswer);
  EXPECT_EQ(queue.take_next(places), CallId{2});
  EXPECT_EQ(queue.take_next(places), std::nullopt);
  EXPECT_FALSE(queue.empty());
  queue.remove(CallId{1}, of("a"), OriginUse::kStream);
  EXPECT_TRUE(queue.empty());
}

TEST(OriginQueue, IsNotFilledByOneVisitor) {
  OriginQueue queue;
  std::uint64_t id = 0;
  while (queue.add(CallId{++id}, of("a"), OriginUse::kAnswer)) {
  }
  EXPECT_EQ(id - 1, 875U);
  EXPECT_TRUE(queue.add(CallId{++id}, of("b"), OriginUse::kAnswer));
}

}  // namespace
}  // namespace railgun::proxy
