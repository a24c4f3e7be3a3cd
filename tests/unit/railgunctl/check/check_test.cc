#include <gtest/gtest.h>

#include "railgunctl/check/check_daemon.h"
#include "railgunctl/check/check_machine.h"
#include "railgunctl/check/check_network.h"

namespace railgun::ctl {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'800'000'000)};
constexpr auto kDay = hours(24);

// The one finding there is.
Finding only(const Findings& findings) {
  EXPECT_EQ(findings.size(), 1U);
  return findings.empty() ? Finding{} : findings.front();
}

// Whoever is told of a fault is told what to do.
Grade grade_of(const Finding& finding) {
  const bool is_fault = finding.grade == Grade::kWarning || finding.grade == Grade::kError;
  EXPECT_TRUE(!is_fault || !finding.advice.empty()) << finding.seen;
  EXPECT_FALSE(finding.seen.empty());
  return finding.grade;
}
bool says(const Finding& finding, const std::string& text) {
  return (finding.seen + " -> " + finding.advice).find(text) != std::string::npos;
}

tls::CertificateFacts certificate(WallTime from, WallTime until) {
  return {.common_name = "www.example.com", .issuer = "railgun authority", .not_before = from, .not_after = until};
}

TEST(CheckClock, ComparesWithWhateverElseHasATime) {
  ClockFacts facts{.now = kNow, .is_synchronized = true, .max_error = milliseconds(12)};
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kOk);
  facts.is_synchronized = false;
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kWarning);
  facts.is_synchronized.reset();
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kUnknown);

  facts.is_synchronized = true;
  facts.others = {{"the web server", kNow + seconds(59)}};
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kOk);
  facts.others = {{"the web server", kNow - minutes(1)}};
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kWarning);
  facts.others = {{"the web server", kNow + kDay}};
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kError);
  EXPECT_TRUE(says(only(judge_clock(facts)), "1 d 0 h apart"));
}

TEST(CheckClock, IsWrongIfItsOwnCertificateIsFromTheFuture) {
  ClockFacts facts{.now = kNow, .is_synchronized = true, .certificate = certificate(kNow, kNow + kDay)};
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kOk);
  facts.certificate->not_before += seconds(1);
  EXPECT_EQ(grade_of(only(judge_clock(facts))), Grade::kError);
}

TEST(CheckCertificates, TellsHowLongTheyLast) {
  CertificateCheck facts{.now = kNow, .certificate = certificate(kNow - kDay, kNow + 8 * kDay)};
  EXPECT_EQ(grade_of(judge_certificates(facts)[0]), Grade::kOk);
  facts.certificate->not_after = kNow + 7 * kDay - seconds(1);
  EXPECT_EQ(grade_of(judge_certificates(facts)[0]), Grade::kWarning);
  facts.certificate->not_after = kNow;
  EXPECT_EQ(grade_of(judge_certificates(facts)[0]), Grade::kError);
  EXPECT_TRUE(says(judge_certificates(facts)[0], "EXPIRED"));
  EXPECT_TRUE(says(judge_certificates(facts)[0], "railgunctl activate"));
  facts.is_set = true;
  EXPECT_TRUE(says(judge_certificates(facts)[0], "cert.file"));
  facts.certificate->not_after = kNow + 30 * kDay;
  facts.certificate->not_before = kNow + seconds(1);
  EXPECT_EQ(grade_of(judge_certificates(facts)[0]), Grade::kError);
}

TEST(CheckCertificates, TellsWhatIsMissing) {
  CertificateCheck facts{.now = kNow};
  EXPECT_EQ(grade_of(only(judge_certificates(facts))), Grade::kError);
  EXPECT_TRUE(says(only(judge_certificates(facts)), "railgunctl activate TOKEN"));
  facts.role = config::Role::kSender;
  EXPECT_FALSE(says(only(judge_certificates(facts)), "railgunctl activate TOKEN"));
  facts.certificate = certificate(kNow, kNow + 90 * kDay);
  facts.authority = certificate(kNow - kDay, kNow - seconds(1));
  facts.error = Error{Errc::kInvalid, "the key does not belong to the certificate"};
  const Findings findings = judge_certificates(facts);
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(grade_of(findings[0]), Grade::kOk);
  EXPECT_EQ(grade_of(findings[1]), Grade::kError);
  EXPECT_EQ(grade_of(findings[2]), Grade::kError);
  facts.error->code = Errc::kDenied;
  EXPECT_EQ(grade_of(judge_certificates(facts)[2]), Grade::kUnknown);
  facts.wan_tls = false;
  EXPECT_EQ(grade_of(only(judge_certificates(facts))), Grade::kError);
}

TEST(CheckKernel, KnowsTheTwoSettingsThatSlowLinksDown) {
  KernelFacts facts{.slow_start_after_idle = "0\n", .congestion = "cubic\n", .queue_discipline = "fq_codel"};
  EXPECT_EQ(grade_of(judge_kernel(facts)[0]), Grade::kOk);
  EXPECT_EQ(grade_of(judge_kernel(facts)[1]), Grade::kOk);
  facts.slow_start_after_idle = "1\n";
  facts.congestion = "reno\n";
  EXPECT_EQ(grade_of(judge_kernel(facts)[0]), Grade::kWarning);
  EXPECT_EQ(grade_of(judge_kernel(facts)[1]), Grade::kWarning);
  facts.wan_congestion = "bbr";
  facts.allowed_congestion = "reno cubic bbr2";
  EXPECT_TRUE(says(judge_kernel(facts)[1], "does not allow railgund to use it"));
  facts.allowed_congestion = "reno bbr\n";
  EXPECT_EQ(grade_of(judge_kernel(facts)[1]), Grade::kOk);
  EXPECT_TRUE(says(judge_kernel(facts)[1], "fq"));
  EXPECT_EQ(grade_of(judge_kernel({})[0]), Grade::kUnknown);
  EXPECT_EQ(grade_of(judge_kernel({})[1]), Grade::kUnknown);
}

TEST(CheckLimits, CountsTwoFilesForEachClient) {
  LimitFacts facts{.daemon_runs = true,
                   .files = 40'000,
                   .role = config::Role::kSender,
                   .clients = 20'000,
                   .memory_limit_bytes = 256 << 20,
                   .machine_memory_bytes = 512 << 20};
  EXPECT_EQ(grade_of(judge_limits(facts)[0]), Grade::kOk);
  EXPECT_EQ(grade_of(judge_limits(facts)[1]), Grade::kOk);
  facts.files = 39'999;
  facts.memory_limit_bytes += 1;
  EXPECT_EQ(grade_of(judge_limits(facts)[0]), Grade::kWarning);
  EXPECT_EQ(grade_of(judge_limits(facts)[1]), Grade::kWarning);
  facts.role = config::Role::kListener;
  facts.streams = 1000;
  EXPECT_EQ(grade_of(judge_limits(facts)[0]), Grade::kOk);
  facts.daemon_runs = false;
  EXPECT_EQ(grade_of(judge_limits(facts)[0]), Grade::kUnknown);
}

TEST(CheckFiles, KeysAreForTheDaemonAlone) {
  using Kind = FileFacts::Kind;
  const auto grade = [](Kind kind, unsigned mode, bool has_secret = false) {
    return grade_of(only(judge_files({{.kind = kind, .path = "/etc/x", .mode = mode, .has_secret = has_secret}})));
  };
  EXPECT_EQ(grade(Kind::kPrivateKey, 0600), Grade::kOk);
  EXPECT_EQ(grade(Kind::kPrivateKey, 0640), Grade::kOk);
  EXPECT_EQ(grade(Kind::kPrivateKey, 0644), Grade::kError);
  EXPECT_EQ(grade(Kind::kPrivateKey, 0620), Grade::kError);
  EXPECT_EQ(grade(Kind::kStateFolder, 0755), Grade::kOk);
  EXPECT_EQ(grade(Kind::kStateFolder, 0757), Grade::kError);
  EXPECT_EQ(grade(Kind::kRegistry, 0604), Grade::kError);
  EXPECT_EQ(grade(Kind::kSettings, 0644), Grade::kOk);
  EXPECT_EQ(grade(Kind::kSettings, 0644, true), Grade::kWarning);
  EXPECT_EQ(grade(Kind::kSettings, 0640, true), Grade::kOk);
  EXPECT_EQ(grade(Kind::kSettings, 0646), Grade::kError);
  EXPECT_TRUE(says(only(judge_files({{.kind = Kind::kPrivateKey, .path = "/k", .mode = 0644}})), "/k has mode 0644"));
}

TEST(CheckDisks, WantsRoomBytesAndInodes) {
  DiskFacts disk{
      .path = "/var/lib/railgun", .purpose = "state", .free_bytes = 100'000'000, .free_files = 1, .total_files = 9};
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kOk);
  disk.free_bytes = 99'999'999;
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kWarning);
  disk.free_files = 0;
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kError);
  disk.free_files = 1;
  disk.free_bytes = 0;
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kError);
  disk.free_bytes = 1'000'000'000;
  disk.is_read_only = true;
  EXPECT_TRUE(says(only(judge_disks({disk})), "read-only"));
  disk.error = Error{Errc::kNotFound, "/var/lib/railgun: No such file or directory"};
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kError);
  disk.error->code = Errc::kDenied;
  EXPECT_EQ(grade_of(only(judge_disks({disk}))), Grade::kUnknown);
}

ProbeFacts probed(Reach reach) {
  return {.target = {"192.0.2.7", 2408}, .attempts = {{.address = "192.0.2.7", .reach = reach, .reason = "said why"}}};
}
ProbeFacts answered() {
  ProbeFacts facts = probed(Reach::kOpen);
  facts.tls = ProbeFacts::Tls{.version = "TLSv1.3", .protocol = "railgun/1"};
  return facts;
}

TEST(CheckOwnPort, TellsADaemonThatIsDownFromAPortThatIsShut) {
  OwnPortFacts facts{.port = 2408, .daemon_runs = true, .addresses = {answered()}};
  EXPECT_EQ(grade_of(only(judge_own_port(facts, kNow))), Grade::kOk);
  facts.addresses = {probed(Reach::kRefused)};
  EXPECT_EQ(grade_of(only(judge_own_port(facts, kNow))), Grade::kError);
  facts.daemon_runs = false;
  EXPECT_EQ(grade_of(only(judge_own_port(facts, kNow))), Grade::kUnknown);
  facts.daemon_runs = true;
  facts.addresses = {};
  EXPECT_EQ(grade_of(only(judge_own_port(facts, kNow))), Grade::kUnknown);
  ProbeFacts other = probed(Reach::kOpen);
  other.tls_error = Error{Errc::kMalformed, "the peer does not speak TLS"};
  other.first_bytes = "SSH-2.0";
  facts.addresses = {other};
  EXPECT_TRUE(says(only(judge_own_port(facts, kNow)), "another program"));
}

TEST(CheckOwnPort, TheWayRoundByTheOutsideProvesNothing) {
  OwnPortFacts facts{.port = 2408, .daemon_runs = true, .addresses = {answered()}, .outside = probed(Reach::kTimeout)};
  EXPECT_EQ(grade_of(judge_own_port(facts, kNow)[1]), Grade::kUnknown);
  EXPECT_TRUE(says(judge_own_port(facts, kNow)[1], "railgunctl probe 192.0.2.7:2408"));
  facts.outside = answered();
  EXPECT_EQ(grade_of(judge_own_port(facts, kNow)[1]), Grade::kOk);
  facts.outside->name_error = Error{Errc::kNotFound, "no such name"};
  EXPECT_EQ(grade_of(judge_own_port(facts, kNow)[1]), Grade::kError);
}

TEST(CheckPeers, WantsALinkAndNotOnlyAnAnswer) {
  ProbeFacts peer = answered();
  EXPECT_EQ(grade_of(only(judge_peers("listener", {peer}, kNow))), Grade::kUnknown);
  peer.link = ProbeFacts::Link{.round_trips = {milliseconds(30)}};
  EXPECT_EQ(grade_of(only(judge_peers("listener", {peer}, kNow))), Grade::kOk);
  EXPECT_TRUE(says(only(judge_peers("listener", {peer}, kNow)), "round trip 30 ms"));
  EXPECT_EQ(grade_of(only(judge_peers("listener", {probed(Reach::kTimeout)}, kNow))), Grade::kError);
}

TEST(CheckLocalPorts, AreOpenIfTheDaemonRuns) {
  const LocalPortFacts shut{
      .name = "clients", .endpoint = {"127.0.0.1", 80}, .reach = Reach::kRefused, .reason = "refused"};
  EXPECT_EQ(grade_of(only(judge_local_ports({shut}, true))), Grade::kError);
  EXPECT_EQ(grade_of(only(judge_local_ports({shut}, false))), Grade::kUnknown);
  EXPECT_EQ(grade_of(only(judge_local_ports({{.name = "clients", .reach = Reach::kOpen}}, true))), Grade::kOk);
}

OriginFacts origin(Reach reach, unsigned status, Duration connect = milliseconds(1)) {
  OriginFacts facts{.host = "www.example.com", .target = {false, {"192.0.2.9", 80}}};
  facts.answer.reach = reach;
  facts.answer.status = status;
  facts.answer.phases.connect = connect;
  if (status == 0) facts.answer.error = Error{Errc::kTimeout, "timed out"};
  return facts;
}

TEST(CheckOrigins, SaysWhatIsWrongWithASocket) {
  OriginFacts facts = origin(Reach::kUnreachable, 0);
  facts.target = {false, {"/run/app.sock", 0}};
  facts.answer.error = Error{Errc::kNotFound, "no such file or directory"};
  EXPECT_EQ(grade_of(only(judge_origins({facts}))), Grade::kError);
  EXPECT_TRUE(
      says(only(judge_origins({facts})), "unix:/run/app.sock: no such file or directory -> start the application"));
  facts.answer.error = Error{Errc::kDenied, "permission denied"};
  EXPECT_TRUE(says(only(judge_origins({facts})), "group of the socket"));
  facts.answer.reach = Reach::kRefused;
  facts.answer.error = Error{Errc::kUnavailable, "connection refused"};
  EXPECT_TRUE(says(only(judge_origins({facts})), "nothing listens on the socket"));
}

TEST(CheckOrigins, SaysThatTheDaemonCannotUseASocketThatAnswers) {
  OriginFacts facts = origin(Reach::kOpen, 200);
  facts.target = {false, {"/tmp/app.sock", 0}};
  EXPECT_EQ(grade_of(only(judge_origins({facts}))), Grade::kOk);
  facts.daemon_error = Error{Errc::kNotFound, "the daemon does not see this path"};
  EXPECT_EQ(grade_of(only(judge_origins({facts}))), Grade::kError);
  EXPECT_TRUE(says(only(judge_origins({facts})), "PrivateTmp"));
  facts.daemon_error = Error{Errc::kDenied, "the daemon's user (id 998) may not connect"};
  EXPECT_TRUE(says(only(judge_origins({facts})), "998"));
  EXPECT_TRUE(says(only(judge_origins({facts})), "group of the socket"));
}

TEST(CheckOrigins, SaysWhichProtocolWasExpected) {
  OriginFacts facts = origin(Reach::kOpen, 0);
  facts.answer.error = Error{Errc::kMalformed, "the origin breaks HTTP/2"};
  facts.target.http2 = true;
  EXPECT_TRUE(says(only(judge_origins({facts})), "write http:// instead of h2c://"));
  facts.target.http2 = false;
  EXPECT_TRUE(says(only(judge_origins({facts})), "write h2c:// if"));
  facts.target = {true, {"192.0.2.9", 443}, true};
  EXPECT_TRUE(says(only(judge_origins({facts})), "HTTPS"));
  facts = origin(Reach::kOpen, 200);
  facts.target = {true, {"192.0.2.9", 443}, true};
  EXPECT_TRUE(says(only(judge_origins({facts})), "status 200 over HTTP/1.1 (it does not offer HTTP/2)"));
  facts.answer.is_http2 = true;
  EXPECT_TRUE(says(only(judge_origins({facts})), "status 200 over HTTP/2,"));
}

TEST(CheckOrigins, ThinksOfNatWhereNoMapSaysOtherwise) {
  EXPECT_EQ(grade_of(only(judge_origins({origin(Reach::kOpen, 404)}))), Grade::kOk);
  EXPECT_EQ(grade_of(only(judge_origins({origin(Reach::kOpen, 503)}))), Grade::kWarning);
  OriginFacts facts = origin(Reach::kTimeout, 0);
  EXPECT_EQ(grade_of(only(judge_origins({facts}))), Grade::kError);
  EXPECT_TRUE(says(only(judge_origins({facts})), "hairpin"));
  EXPECT_TRUE(says(only(judge_origins({facts})), "www.example.com = 127.0.0.1"));
  facts.from_map = true;
  EXPECT_FALSE(says(only(judge_origins({facts})), "hairpin"));
  facts.answer.reach = Reach::kOpen;
  facts.answer.error = Error{Errc::kDenied, "certificate signed by unknown authority"};
  EXPECT_TRUE(says(only(judge_origins({facts})), "ca.bundle"));
  facts.is_fallback = true;
  EXPECT_EQ(grade_of(only(judge_origins({facts}))), Grade::kWarning);
}

TEST(CheckPlace, TheListenerBelongsBesideTheOrigin) {
  const auto grade = [](Duration to_origin, std::optional<Duration> to_sender) {
    return grade_of(only(judge_place({origin(Reach::kOpen, 200, to_origin)}, to_sender)));
  };
  EXPECT_EQ(grade(milliseconds(2), milliseconds(1)), Grade::kOk);
  EXPECT_EQ(grade(milliseconds(15), milliseconds(30)), Grade::kOk);
  EXPECT_EQ(grade(milliseconds(16), milliseconds(30)), Grade::kWarning);
  EXPECT_EQ(grade(milliseconds(1), std::nullopt), Grade::kUnknown);
  EXPECT_EQ(grade_of(only(judge_place({origin(Reach::kRefused, 0)}, milliseconds(30)))), Grade::kUnknown);
}

TEST(CheckMemcached, KnowsItsTraps) {
  EXPECT_EQ(grade_of(only(judge_memcached({}))), Grade::kNotApplicable);
  MemcachedFacts facts{.server = "m:11211",
                       .version = "1.6.18",
                       .memory_bytes = 1ULL << 30,
                       .item_bytes = 1 << 20,
                       .evictions = 7,
                       .wanted_item_bytes = 1'000'000};
  EXPECT_EQ(grade_of(judge_memcached({facts})[0]), Grade::kOk);
  EXPECT_EQ(grade_of(judge_memcached({facts})[1]), Grade::kOk);
  facts.memory_bytes = 768ULL << 20;
  EXPECT_EQ(grade_of(judge_memcached({facts})[0]), Grade::kWarning);
  facts.evictions = 0;
  EXPECT_EQ(grade_of(judge_memcached({facts})[0]), Grade::kOk);
  facts.memory_bytes = 64ULL << 20;
  EXPECT_EQ(grade_of(judge_memcached({facts})[0]), Grade::kWarning);
  facts.wanted_item_bytes = (4 << 20);
  EXPECT_EQ(grade_of(judge_memcached({facts})[1]), Grade::kWarning);
  EXPECT_TRUE(says(judge_memcached({facts})[1], "-I 5m"));
  facts.item_bytes.reset();
  EXPECT_EQ(grade_of(judge_memcached({facts})[1]), Grade::kUnknown);
  facts.error = Error{Errc::kUnavailable, "connection refused"};
  EXPECT_EQ(grade_of(only(judge_memcached({facts}))), Grade::kError);
}

TEST(CheckDaemon, ReadsItsStatus) {
  const std::unexpected<Failure> down(Failure{ExitCode::kUnreachable, {Errc::kUnavailable, "no daemon answers"}});
  EXPECT_EQ(grade_of(only(judge_daemon(down, "1.0"))), Grade::kError);
  const std::unexpected<Failure> denied(Failure{ExitCode::kDenied, {Errc::kDenied, "not allowed"}});
  EXPECT_EQ(grade_of(only(judge_daemon(denied, "1.0"))), Grade::kUnknown);
  control::Status status{
      .role = control::Role::kSender, .version = "1.0", .uptime_seconds = 60, .state = control::DaemonState::kRunning};
  EXPECT_EQ(grade_of(only(judge_daemon(status, "1.0"))), Grade::kOk);
  EXPECT_EQ(grade_of(only(judge_daemon(status, "1.1"))), Grade::kWarning);
  status.last_panic = "signal 11";
  EXPECT_EQ(grade_of(judge_daemon(status, "1.0")[1]), Grade::kWarning);
}

TEST(CheckLinks, AreThereForEverySite) {
  control::Status status{.role = control::Role::kSender, .uptime_seconds = 60};
  status.sites = {{.host = "www.example.com", .listeners = {"a:2408"}, .links_up = 1}};
  status.links = {{.peer = "a:2408", .state = control::LinkState::kUp}};
  EXPECT_EQ(grade_of(only(judge_links(status))), Grade::kOk);
  status.sites[0].links_up = 0;
  EXPECT_EQ(grade_of(only(judge_links(status))), Grade::kError);
  status.sites[0].origin = "http://b:80";
  EXPECT_EQ(grade_of(only(judge_links(status))), Grade::kWarning);
  status.links.clear();
  status.uptime_seconds = 5;
  EXPECT_EQ(grade_of(only(judge_links(status))), Grade::kUnknown);
  control::Status listener{.role = control::Role::kListener, .uptime_seconds = 60};
  EXPECT_EQ(grade_of(only(judge_links(listener))), Grade::kWarning);
}

TEST(CheckConfig, IsARowForEachFault) {
  const auto grade = [](Errc code, std::string text) {
    return judge_config("railgun.conf", fail(code, std::move(text)));
  };
  EXPECT_EQ(grade(Errc::kInvalid, "railgun.conf:3: a\nrailgun.conf:4: b").size(), 2U);
  EXPECT_EQ(only(grade(Errc::kDenied, "no permission")).grade, Grade::kUnknown);
  EXPECT_EQ(only(grade(Errc::kNotFound, "no such file")).grade, Grade::kError);
  config::ParsedConfig parsed;
  parsed.warnings = {"railgun.conf:5: does nothing"};
  const Findings findings = judge_config("railgun.conf", parsed);
  EXPECT_EQ(findings[0].grade, Grade::kOk);
  EXPECT_EQ(findings[1].grade, Grade::kWarning);
}

TEST(Findings, AreTablesForPeopleAndPrograms) {
  const Findings findings{fine("clock", "right"), error("port", std::string(70, 'x') + " shut", "open it"),
                          not_applicable("memcached", "not set")};
  EXPECT_TRUE(has_error(findings));
  EXPECT_FALSE(has_error({findings[0], findings[2]}));
  EXPECT_EQ(findings_text(findings), "ok       clock        right\nERROR    port         " + std::string(70, 'x') +
                                         "\n                      shut\n                      -> open it\n"
                                         "-        memcached    not set\n\n"
                                         "1 error, 0 warnings, 1 ok, 1 not applicable.\n");
  const std::string json = findings_json(findings);
  EXPECT_NE(json.find("\"grade\": \"not applicable\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"errors\": 1"), std::string::npos) << json;
}

}  // namespace
}  // namespace railgun::ctl
