#include "railgund/statistics/access.h"

#include <gtest/gtest.h>

namespace railgun::statistics {
namespace {

constexpr const char* kToken = "0123456789abcdef";

http::Request get(const std::string& target, Fields fields = {}) {
  return {.method = "GET", .target = target, .host = "127.0.0.1:24088", .fields = std::move(fields)};
}

unsigned refused(const http::Request& request, bool is_local, const std::string& token) {
  const auto judged = judge_request(request, is_local, token);
  return judged ? 0 : judged.error().status;
}

TEST(StatisticsRequest, GivesABrowserThePageAndOthersTheOriginalsJson) {
  EXPECT_EQ(*judge_request(get("/", {{"Accept", "text/html,*/*;q=0.8"}}), true, ""), Resource::kPage);
  EXPECT_EQ(*judge_request(get("/", {{"Accept", "*/*"}}), true, ""), Resource::kStatistics);
  EXPECT_EQ(*judge_request(get("/"), true, ""), Resource::kStatistics);
}

TEST(StatisticsRequest, KnowsItsPathsWhateverTheQuery) {
  EXPECT_EQ(*judge_request(get("/stats.json?a=/"), true, ""), Resource::kStatistics);
  EXPECT_EQ(*judge_request(get("/metrics?x"), true, ""), Resource::kMetrics);
  EXPECT_EQ(*judge_request(get("/history.json"), true, ""), Resource::kHistory);
  EXPECT_EQ(refused(get("/metrics/"), true, ""), 404U);
  EXPECT_EQ(refused(get("/etc/passwd"), true, ""), 404U);
}

TEST(StatisticsRequest, OnlyReads) {
  http::Request request = get("/");
  request.method = "HEAD";
  EXPECT_EQ(refused(request, true, ""), 0U);
  request.method = "POST";
  EXPECT_EQ(refused(request, true, ""), 405U);
}

TEST(StatisticsRequest, WantsATokenFromElsewhere) {
  EXPECT_EQ(refused(get("/"), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Bearer 0123456789abcdeF"}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Bearer 0123456789abcdef0"}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "0123456789abcdef"}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", ""}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Bearer 0123456789abcdef"}}), false, kToken), 0U);
  EXPECT_EQ(refused(get("/", {{"authorization", "bearer  0123456789abcdef"}}), false, kToken), 0U);
}

TEST(StatisticsRequest, TakesTheTokenAsAPassword) {
  // "me:0123456789abcdef", ":0123456789abcdef", "0123456789abcdef:", "me:0123456789abcdeF"
  EXPECT_EQ(refused(get("/", {{"Authorization", "Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg=="}}), false, kToken), 0U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "basic OjAxMjM0NTY3ODlhYmNkZWY="}}), false, kToken), 0U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Basic MDEyMzQ1Njc4OWFiY2RlZjo="}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Basic bWU6MDEyMzQ1Njc4OWFiY2RlRg=="}}), false, kToken), 401U);
  EXPECT_EQ(refused(get("/", {{"Authorization", "Basic !!!!"}}), false, kToken), 401U);
}

TEST(StatisticsRequest, LetsNobodyInFromElsewhereWhileThereIsNoToken) {
  EXPECT_EQ(refused(get("/", {{"Authorization", "Bearer "}}), false, ""), 403U);
  EXPECT_EQ(refused(get("/"), false, ""), 403U);
}

TEST(StatisticsRequest, AnswersNoNameThatAStrangerPointedHere) {
  for (const char* host : {"localhost", "localhost:24088", "127.0.0.1", "[::1]:24088", "192.0.2.7:24088", ""}) {
    http::Request request = get("/");
    request.host = host;
    EXPECT_EQ(refused(request, true, kToken), 0U) << host;
  }
  for (const char* host : {"evil.example", "evil.example:24088", "127.0.0.1.evil.example", "localhost.evil.example"}) {
    http::Request request = get("/");
    request.host = host;
    EXPECT_EQ(refused(request, true, kToken), 403U) << host;
  }
}

}  // namespace
}  // namespace railgun::statistics
