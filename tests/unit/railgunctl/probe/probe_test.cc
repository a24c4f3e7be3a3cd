#include "railgunctl/probe/probe.h"

#include <gtest/gtest.h>

namespace railgun::ctl {
namespace {

using std::chrono::milliseconds;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};
constexpr auto kDay = std::chrono::hours(24);

ProbeFacts reached() {
  return {.target = {"listener.example", 2408},
          .addresses = {"192.0.2.7"},
          .name_time = milliseconds(3),
          .attempts = {{.address = "192.0.2.7", .reach = Reach::kOpen, .time = milliseconds(12)}}};
}

ProbeFacts railgun_seen() {
  ProbeFacts facts = reached();
  facts.tls = ProbeFacts::Tls{.time = milliseconds(14),
                              .version = "TLSv1.3",
                              .cipher = "TLS_AES_256_GCM_SHA384",
                              .protocol = "railgun/1",
                              .certificate = tls::CertificateFacts{.common_name = "www.example.com",
                                                                   .dns_names = {"www.example.com"},
                                                                   .issuer = "railgun authority",
                                                                   .fingerprint = std::string(64, 'a'),
                                                                   .issuer_key_id = "4c9e",
                                                                   .not_before = kNow - kDay,
                                                                   .not_after = kNow + 89 * kDay},
                              .asks_for_certificate = true};
  return facts;
}

std::string verdict_of(const ProbeFacts& facts, ExitCode exit_code) {
  const ProbeVerdict verdict = judge(facts, kNow);
  EXPECT_EQ(verdict.exit_code, exit_code) << verdict.text;
  EXPECT_FALSE(verdict.text.empty());
  return verdict.word;
}

TEST(Probe, NobodyIsThere) {
  ProbeFacts facts{.target = {"no.example", 2408}, .name_error = Error{Errc::kNotFound, "no such name"}};
  EXPECT_EQ(verdict_of(facts, ExitCode::kUnreachable), "no such name");
  facts.name_error = Error{Errc::kTimeout, "no answer"};
  EXPECT_NE(judge(facts, kNow).text.find("could not be resolved: no answer"), std::string::npos);

  facts = reached();
  facts.attempts[0] = {.address = "192.0.2.7", .reach = Reach::kTimeout, .reason = "timed out"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kUnreachable), "timeout");
  EXPECT_NE(judge(facts, kNow).advice.find("firewall"), std::string::npos);
  facts.attempts[0].reach = Reach::kUnreachable;
  EXPECT_EQ(verdict_of(facts, ExitCode::kUnreachable), "unreachable");
  EXPECT_FALSE(round_trip(facts));
}

TEST(Probe, OfSeveralAddressesTheMostTellingCounts) {
  ProbeFacts facts = reached();
  facts.attempts = {{.address = "2001:db8::7", .reach = Reach::kUnreachable, .reason = "network is unreachable"},
                    {.address = "192.0.2.7", .reach = Reach::kRefused, .reason = "connection refused"},
                    {.address = "192.0.2.8", .reach = Reach::kTimeout, .reason = "timed out"}};
  EXPECT_EQ(verdict_of(facts, ExitCode::kUnreachable), "refused");
  facts.attempts.push_back({.address = "192.0.2.9", .reach = Reach::kOpen, .time = milliseconds(7)});
  facts.tls_error = Error{Errc::kTimeout, "no answer in time"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "silent");
  EXPECT_EQ(round_trip(facts), milliseconds(7));
}

TEST(Probe, SomethingElseIsThere) {
  ProbeFacts facts = reached();
  facts.tls_error = Error{Errc::kMalformed, "the peer does not speak TLS"};
  facts.first_bytes = "HTTP/1.1 400 Bad Request\r\nServer: x";
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "not tls");
  const std::string text = probe_text(facts, judge(facts, kNow), kNow);
  EXPECT_NE(text.find("\"HTTP/1.1 400 Bad Request\"\n"), std::string::npos) << text;
  facts.first_bytes = std::string("RAILGUN\n\x01\x01", 10);
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "link without tls");
  facts.first_bytes.clear();
  facts.tls_error = Error{Errc::kUnavailable, "closed during the TLS handshake"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "closed");
  facts.tls_error = Error{Errc::kUnsupported, "TLS: no version that both ends speak"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "not railgun");

  facts = railgun_seen();
  facts.tls->protocol = "http/1.1";
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "not railgun");
  EXPECT_NE(judge(facts, kNow).text.find("web server"), std::string::npos);
  facts.tls->protocol = "";
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "not railgun");
}

TEST(Probe, RailgunWithoutACertificateOfOurs) {
  const ProbeFacts facts = railgun_seen();
  EXPECT_EQ(verdict_of(facts, ExitCode::kOk), "railgun");
  const std::string text = probe_text(facts, judge(facts, kNow), kNow);
  for (const char* part : {"listener.example:2408", "connected in 12 ms", "TLSv1.3", "signed by 'railgun authority'",
                           "(89 d 0 h left)", "key 4c9e", "railgun/1; demands a certificate", "not tried"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

TEST(Probe, ACertificateOutOfItsTimeIsAFault) {
  ProbeFacts facts = railgun_seen();
  facts.tls->certificate->not_after = kNow;
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "bad certificate");
  EXPECT_NE(probe_text(facts, judge(facts, kNow), kNow).find("(EXPIRED)"), std::string::npos);
  facts.tls->certificate->not_after = kNow + kDay;
  facts.tls->certificate->not_before = kNow + std::chrono::seconds(1);
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "bad certificate");
  facts.tls->certificate->not_before = kNow;
  EXPECT_EQ(verdict_of(facts, ExitCode::kOk), "railgun");
}

TEST(Probe, ALinkSaysMore) {
  ProbeFacts facts = railgun_seen();
  facts.identity = "the sender s";
  facts.link_error = Error{Errc::kDenied, "the peer refused our certificate: revoked"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kDenied), "refused by railgun");
  facts.link_error = Error{Errc::kUnsupported, "the peer speaks link protocol 2, this end 1"};
  EXPECT_EQ(verdict_of(facts, ExitCode::kFailed), "no link");
  facts.link_error.reset();
  facts.link = ProbeFacts::Link{.lowest_version = 1,
                                .highest_version = 2,
                                .build = "5360",
                                .round_trips = {milliseconds(14), milliseconds(11), milliseconds(13)}};
  EXPECT_EQ(verdict_of(facts, ExitCode::kOk), "railgun");
  EXPECT_EQ(round_trip(facts), milliseconds(11));
  const std::string text = probe_text(facts, judge(facts, kNow), kNow);
  EXPECT_NE(text.find("a listener, link version 1 to 2, build 5360"), std::string::npos) << text;
  EXPECT_NE(text.find("11 ms (best of 3 echoes over the link)"), std::string::npos) << text;
}

TEST(Probe, JsonSaysTheSame) {
  const ProbeFacts facts = railgun_seen();
  const std::string json = probe_json(facts, judge(facts, kNow));
  for (const char* part : {"\"verdict\": \"railgun\"", "\"protocol\": \"railgun/1\"", "\"not_after\": 1807689600",
                           "\"round_trip_seconds\": 0.012"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " is missing in\n" << json;
  }
}

}  // namespace
}  // namespace railgun::ctl
