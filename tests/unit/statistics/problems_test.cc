#include "railgund/statistics/problems.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace railgun::statistics {
namespace {

using control::Status;

Status sender() {
  return {.role = control::Role::kSender, .uptime_seconds = 60, .state = control::DaemonState::kRunning};
}

TEST(Problems, AreNoneWhereAllIsWell) {
  Status status = sender();
  status.sites.push_back({.host = "a", .listeners = {"l:2408"}, .links_up = 1});
  EXPECT_TRUE(find_problems(status, {}).empty());
}

TEST(Problems, NameAProxyThatIsNotTrusted) {
  const auto problems = find_problems(sender(), {.forwarding_ignored = 1});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].advice.find("trusted.proxies"), std::string::npos);
}

TEST(Problems, NameASiteWithoutALink) {
  Status status = sender();
  status.sites.push_back({.host = "a", .listeners = {"l:2408"}, .origin = "http://o:80"});
  status.sites.push_back({.host = "b", .listeners = {"m:2408"}});
  const auto problems = find_problems(status, {});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].severity, control::Severity::kError);
  EXPECT_EQ(problems[0].text, "no link can serve b: its visitors get status 527");
  EXPECT_NE(problems[0].advice.find("railgunctl probe m:2408"), std::string::npos);
  EXPECT_EQ(problems[1].severity, control::Severity::kWarning);
  EXPECT_EQ(problems[1].text, "no link can serve a: its requests go directly to the origin");
}

TEST(Problems, NameACertificateThatIsForOtherHosts) {
  Status status = sender();
  status.sites.push_back({.host = "b", .listeners = {"m:2408"}});
  status.links.push_back({.peer = "m:2408", .hosts = {"a"}, .state = control::LinkState::kUp, .dialed = true});
  const auto problems = find_problems(status, {});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text, "the link to m:2408 cannot serve b: its certificate covers only a");
}

TEST(Problems, NameAReceiverOfStatisticsThatDoesNotTakeThem) {
  const auto problems = find_problems(sender(), {.post_failure = "http://a:80: refused"});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].severity, control::Severity::kWarning);
  EXPECT_EQ(problems[0].text, "statistics cannot be posted to http://a:80: refused");
}

TEST(Problems, NameWhatAShortageOfMemoryStopped) {
  const auto problems = find_problems(sender(), {.overload = "new connections wait"});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text, "memory is over its limit: new connections wait");
}

TEST(Problems, GiveANewDaemonTimeToDial) {
  Status status = sender();
  status.uptime_seconds = 2;
  status.sites.push_back({.host = "b", .listeners = {"m:2408"}});
  EXPECT_TRUE(find_problems(status, {}).empty());
}

TEST(Problems, TellAMissingFromAnExpiredCertificate) {
  const WallTime now{std::chrono::seconds(1'000'000'000)};
  EXPECT_EQ(find_problems(sender(), {.has_certificate = false}).at(0).severity, control::Severity::kError);
  EXPECT_EQ(find_problems(sender(), {.certificate_until = now, .now = now}).at(0).text,
            "this daemon's certificate has expired");
  EXPECT_EQ(find_problems(sender(), {.certificate_until = now + std::chrono::hours(1), .now = now}).at(0).severity,
            control::Severity::kWarning);
  EXPECT_TRUE(find_problems(sender(), {.certificate_until = now + std::chrono::hours(24 * 8), .now = now}).empty());
}

TEST(Problems, SpeakOfOriginsOnlyWithEnoughToGoBy) {
  EXPECT_TRUE(find_problems(sender(), {.origin_failures = 19, .origin_requests = 19}).empty());
  EXPECT_TRUE(find_problems(sender(), {.origin_failures = 1, .origin_requests = 20}).empty());
  EXPECT_EQ(find_problems(sender(), {.origin_failures = 2, .origin_requests = 20}).size(), 1U);
}

TEST(Problems, NameConnectionsThatNeverBecomeLinks) {
  EXPECT_TRUE(find_problems(sender(), {.handshakes_open = 31, .handshakes_limit = 64}).empty());
  const auto problems = find_problems(sender(), {.handshakes_open = 32, .handshakes_limit = 64});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].advice.find("link.handshakes"), std::string::npos);
}

TEST(Problems, NameConnectionsRefusedForWantOfDescriptors) {
  const auto problems = find_problems(sender(), {.descriptors_refused = 3, .file_limit = 256});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].text.find("(256)"), std::string::npos);
}

TEST(Problems, LookAtTheSystem) {
  Status status = sender();
  status.role = control::Role::kListener;
  status.state = control::DaemonState::kDraining;
  status.store = {.kind = control::StoreKind::kMemcached, .state = control::StoreState::kDown};
  status.last_panic = "signal 11";
  const auto problems =
      find_problems(status, {.file_limit = 1024, .clients_limit = 20000, .slow_start_after_idle = true});
  EXPECT_EQ(problems.size(), 6U);
}

TEST(Problems, NameTheMemcachedServerThatDoesNotAnswer) {
  Status status = sender();
  const std::size_t before = find_problems(status, {}).size();
  status.store = {.kind = control::StoreKind::kMemcached,
                  .servers = {{.address = "a:11211"}, {.address = "b:11211", .state = control::StoreState::kDown}}};
  const auto problems = find_problems(status, {});
  ASSERT_EQ(problems.size(), before + 1);
  EXPECT_TRUE(std::ranges::any_of(problems, [](const control::Problem& each) {
    return each.text.find("memcached at b:11211") != std::string::npos;
  }));
}

TEST(Problems, NameCertificatesForVisitorsThatEndSoonOrWereLeftOut) {
  control::Status status = sender();
  status.certificates = {{.file = "a.pem", .names = {"a.example"}, .days_left = 14},
                         {.file = "b.pem", .names = {"b.example", "c.example"}, .days_left = 13},
                         {.file = "d.pem", .names = {"d.example"}, .days_left = -1}};
  const auto problems = find_problems(status, {.trust_warnings = {"certificate left out: e.pem"}});
  ASSERT_EQ(problems.size(), 3U);
  EXPECT_EQ(problems[0].severity, control::Severity::kError);
  EXPECT_EQ(problems[0].text, "the certificate for d.example (d.pem) has expired");
  EXPECT_EQ(problems[1].text, "certificate left out: e.pem");
  EXPECT_EQ(problems[2].text, "the certificate for b.example, c.example (b.pem) expires in 13 days");
}

}  // namespace
}  // namespace railgun::statistics
