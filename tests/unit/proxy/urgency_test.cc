#include "railgund/proxy/urgency.h"

#include <gtest/gtest.h>

namespace railgun::proxy {
namespace {

std::uint8_t urgency(std::string_view type, Fields of_request = {}, Fields of_answer = {}) {
  http::Request request{.fields = std::move(of_request)};
  http::Response response{.status = 200, .fields = std::move(of_answer)};
  response.fields.push_back({"Content-Type", std::string(type)});
  return urgency_of(request, response);
}

TEST(Urgency, FollowsTheKindWhereNobodySaysMore) {
  EXPECT_LT(urgency("text/html; charset=utf-8"), urgency("text/javascript"));
  EXPECT_LT(urgency("application/json"), urgency("image/png"));
  EXPECT_LT(urgency("image/png"), urgency("video/mp4"));
  EXPECT_EQ(urgency("video/mp4"), urgency("application/zip"));
}

TEST(Urgency, TheRequestSaysIt) {
  EXPECT_EQ(urgency("video/mp4", {{"Priority", "u=0, i"}}), 0);
  EXPECT_EQ(urgency("text/html", {{"priority", "u=7"}}), 7);
  // RFC 9218 4.1: what it does not say is 3.
  EXPECT_EQ(urgency("text/html", {{"Priority", "i"}}), 3);
  EXPECT_EQ(urgency("text/html", {{"Priority", "u=9"}}), 3);
  EXPECT_EQ(urgency("video/mp4", {{"Priority", "u=,"}}), urgency("video/mp4"));
}

TEST(Urgency, TheAnswerKnowsBetter) {
  EXPECT_EQ(urgency("text/html", {{"Priority", "u=5"}}, {{"Priority", "u=1"}}), 1);
  EXPECT_EQ(urgency("text/html", {{"Priority", "u=5"}}, {{"Priority", "i"}}), 5);
  EXPECT_EQ(urgency("video/mp4", {}, {{"Priority", "u=2"}}), 2);
}

}  // namespace
}  // namespace railgun::proxy
