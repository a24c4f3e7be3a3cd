#include "railgund/control/status.h"

#include <gtest/gtest.h>

namespace railgun::control {
namespace {

TEST(Status, IsReadBackAsItWasWritten) {
  Status status{
      .role = Role::kSender, .version = "0.1.0", .pid = 42, .uptime_seconds = 1.5, .state = DaemonState::kRunning};
  status.links.push_back(
      {.peer = "192.0.2.1:2408", .state = LinkState::kUp, .dialed = true, .round_trip_seconds = 0.02, .streams = 3});
  status.sites.push_back({.host = "www.example.com", .listeners = {"192.0.2.1:2408"}, .links_up = 5});
  status.certificates.push_back({.file = "a.pem", .names = {"a.example"}, .key_type = "EC", .days_left = -3});
  status.problems.push_back({.severity = Severity::kWarning, .text = "no link", .advice = "look at the firewall"});
  const std::string json = to_json(status);
  const auto read = from_json<Status>(json);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(read->links.at(0).peer, "192.0.2.1:2408");
  EXPECT_TRUE(read->links.at(0).dialed);
  EXPECT_EQ(read->links.at(0).streams, 3U);
  EXPECT_DOUBLE_EQ(read->links.at(0).round_trip_seconds, 0.02);
  EXPECT_EQ(read->sites.at(0).links_up, 5U);
  EXPECT_EQ(read->certificates.at(0).days_left, -3);
  EXPECT_EQ(read->problems.at(0).advice, "look at the firewall");
}

TEST(Status, OfAnotherVersionIsReadAsFarAsItIsKnown) {
  const auto read =
      from_json<Status>(R"({"role":"sender","state":"dreaming","colour":"blue","links":[{"peer":"a:1","hue":[1]}]})")
          .value();
  EXPECT_EQ(read.role, Role::kSender);
  EXPECT_EQ(read.state, DaemonState::kRunning) << "a word that is not known leaves the value";
  EXPECT_EQ(read.links.at(0).peer, "a:1");
  EXPECT_EQ(read.pid, 0);
}

TEST(Status, WithAWrongTypeNamesTheField) {
  for (const char* json : {R"({"workers":-1})", R"({"workers":4294967296})", R"({"workers":1.5})", R"({"workers":"1"})",
                           R"({"workers":null})"}) {
    const auto read = from_json<Status>(json);
    ASSERT_FALSE(read.has_value()) << json;
    EXPECT_NE(read.error().text.find("'workers'"), std::string::npos) << read.error().text;
  }
  EXPECT_FALSE(from_json<Status>(R"({"links":{}})").has_value());
  EXPECT_FALSE(from_json<Status>(R"({"links":[1]})").has_value());
  EXPECT_FALSE(from_json<Status>(R"({"traffic":[]})").has_value());
}

TEST(Railgun, KeepsWhatTheRegistryNeeds) {
  const Railguns registry{.railguns = {{.name = "paris",
                                        .status = RailgunStatus::kVerified,
                                        .enabled = false,
                                        .hosts = {"www.example.com"},
                                        .uses_left = 2,
                                        .created = 1'700'000'000,
                                        .expires = 1'700'086'400,
                                        .activated = 1'700'000'100,
                                        .addresses = {"192.0.2.1:2408"},
                                        .serials = {"0a1b"}}}};
  EXPECT_EQ(
      to_json(registry),
      R"({"railguns":[{"activated":1700000100,"addresses":["192.0.2.1:2408"],"created":1700000000,"deactivated":0,"enabled":false,)"
      R"("expires":1700086400,"hosts":["www.example.com"],"name":"paris","serials":["0a1b"],"status":"V","uses_left":2}]})");
  EXPECT_EQ(to_json(from_json<Railguns>(to_json(registry)).value()), to_json(registry));
}

}  // namespace
}  // namespace railgun::control
