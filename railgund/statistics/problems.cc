#include "railgund/statistics/problems.h"

#include <algorithm>

#include "railgund/base/text.h"
#include "railgund/config/config.h"
#include "railgund/tls/lifetime.h"

namespace railgun::statistics {
namespace {

using control::LinkState;
using control::Problem;
using control::Severity;
using control::Status;

constexpr auto kExpirySoon = std::chrono::hours(24 * 7);
// A daemon that has just started has not had the time to dial.
constexpr double kSettledSeconds = 10;

void certificate(std::vector<Problem>& problems, const ProblemFacts& facts) {
  if (!facts.has_certificate) {
    problems.push_back({Severity::kError, "this daemon has no certificate, so no link can be established",
                        "on a listener: railgunctl activate TOKEN; or set cert.file, key.file and link.ca_file"});
    return;
  }
  if (!facts.certificate_until) return;
  const auto left = *facts.certificate_until - facts.now;
  if (left.count() <= 0) {
    problems.push_back({Severity::kError, "this daemon's certificate has expired",
                        "activate it again with a new token; if this machine's date is wrong, correct the clock"});
  } else if (left < kExpirySoon) {
    problems.push_back(
        {Severity::kWarning, "this daemon's certificate expires within a week", "activate it again with a new token"});
  }
}

void visitor_certificates(std::vector<Problem>& problems, const Status& status, const ProblemFacts& facts) {
  for (const std::string& text : facts.trust_warnings)
    problems.push_back({Severity::kWarning, text, "correct this, then: railgunctl reload"});
  for (const control::CertificateInfo& each : status.certificates) {
    if (each.days_left >= tls::kFewDaysLeft) continue;
    const std::string which = "the certificate for " + join(each.names) + " (" + each.file + ")";
    const bool has_ended = each.days_left < 0;
    problems.push_back(
        {has_ended ? Severity::kError : Severity::kWarning,
         which + (has_ended ? " has expired" : " expires in " + std::to_string(each.days_left) + " days"),
         "renew it, then: railgunctl reload; if a client of ACME should have, see its log"});
  }
}

void links(std::vector<Problem>& problems, const Status& status) {
  if (status.uptime_seconds < kSettledSeconds) return;
  for (const control::SiteInfo& site : status.sites) {
    if (site.links_up > 0) continue;
    const std::string where = site.listeners.empty() ? "HOST" : site.listeners.front();
    const bool direct = !site.origin.empty();
    const auto other = std::find_if(status.links.begin(), status.links.end(), [&](const control::LinkInfo& link) {
      return link.state == LinkState::kUp &&
             std::find(site.listeners.begin(), site.listeners.end(), link.peer) != site.listeners.end();
    });
    if (other != status.links.end()) {
      problems.push_back({direct ? Severity::kWarning : Severity::kError,
                          "the link to " + other->peer + " cannot serve " + site.host +
                              ": its certificate covers only " + join(other->hosts),
                          "create a railgun with --host " + site.host + " and activate that listener with its token"});
      continue;
    }
    problems.push_back({direct ? Severity::kWarning : Severity::kError,
                        "no link can serve " + site.host +
                            (direct ? ": its requests go directly to the origin" : ": its visitors get status 527"),
                        site.listeners.empty()
                            ? "activate a listener for it, or set " + config::site_key(site.host, ".listeners")
                            : "check that the listener runs and that its port is open: railgunctl probe " + where});
  }
  const bool linked = std::any_of(status.links.begin(), status.links.end(),
                                  [](const auto& link) { return link.state == LinkState::kUp; });
  if (status.role == control::Role::kListener && !linked) {
    problems.push_back(
        {Severity::kWarning, "no sender is connected to this listener",
         "check that the sender runs and lists this listener; then, on the sender: railgunctl probe HOST"});
  }
}

void origins(std::vector<Problem>& problems, const ProblemFacts& facts) {
  if (facts.origin_refused > 0) {
    problems.push_back({Severity::kWarning,
                        std::to_string(facts.origin_refused) +
                            " requests were refused because all connections to their origin were in use",
                        "look for slow pages and event streams, or raise origin.connections"});
  }
  // Fewer requests say little.
  if (facts.origin_requests < 20 || facts.origin_failures * 10 < facts.origin_requests) return;
  problems.push_back(
      {Severity::kWarning, "more than 10 % of the requests got no answer from their origin",
       "run railgunctl check to test each origin; behind NAT the origin's public address may not be reachable from "
       "here: set its inner address in map.file"});
}

void trust(std::vector<Problem>& problems, const ProblemFacts& facts) {
  if (facts.forwarding_ignored == 0) return;
  problems.push_back(
      {Severity::kWarning,
       "a neighbour sends X-Forwarded-* headers that are ignored, so origins see plain HTTP and its address",
       "if it is a proxy in front of this sender, add its address (see the log) to trusted.proxies"});
}

void system(std::vector<Problem>& problems, const Status& status, const ProblemFacts& facts) {
  if (status.store.kind == control::StoreKind::kMemcached && status.store.state == control::StoreState::kDown) {
    problems.push_back({Severity::kWarning,
                        "memcached does not answer; page versions are kept in this process's memory only",
                        "check that memcached runs at the address in memcached.servers: railgunctl check"});
  }
  for (const control::StoreServer& each : status.store.servers) {
    if (each.state != control::StoreState::kDown || status.store.state == control::StoreState::kDown) continue;
    problems.push_back({Severity::kWarning,
                        "memcached at " + each.address + " does not answer; its part of the keys is not found",
                        "start it again, or take it out of memcached.servers at both ends and reload"});
  }
  // One address may have half of them.
  if (facts.handshakes_limit > 0 && facts.handshakes_open * 2 >= facts.handshakes_limit) {
    problems.push_back({Severity::kWarning,
                        std::to_string(facts.handshakes_open) +
                            " connections to the link port do not complete TLS; the oldest are closed for new ones",
                        "let a firewall admit only the other ends of the links to wan.port, or raise link.handshakes"});
  }
  if (facts.descriptors_refused > 0) {
    problems.push_back({Severity::kWarning,
                        std::to_string(facts.descriptors_refused) +
                            " connections were refused since the start because of the limit of open files (" +
                            std::to_string(facts.file_limit) + ")",
                        "raise LimitNOFILE of the unit, or ulimit -n, and restart"});
  }
  // A client may need one descriptor to the origin, too.
  if (facts.file_limit > 0 && facts.file_limit < 2 * facts.clients_limit) {
    problems.push_back({Severity::kWarning,
                        "the limit of open files (" + std::to_string(facts.file_limit) + ") is too low for " +
                            std::to_string(facts.clients_limit) + " clients",
                        "raise LimitNOFILE of the unit, or lower clients.limit"});
  }
  if (facts.clients_rejected > 0) {
    problems.push_back(
        {Severity::kWarning,
         std::to_string(facts.clients_rejected) +
             " client connections were rejected since the start because a limit was reached",
         "the log names the limit; raise clients.limit or clients.per_address, or find who holds so many"});
  }
  if (facts.slow_start_after_idle) {
    problems.push_back({Severity::kWarning, "the kernel slows each link down after a pause (tcp_slow_start_after_idle)",
                        "sysctl -w net.ipv4.tcp_slow_start_after_idle=0"});
  }
  if (!facts.overload.empty()) {
    problems.push_back({Severity::kWarning, "memory is over its limit: " + facts.overload,
                        "raise memory.limit if the machine has more memory, or lower clients.limit"});
  }
  if (!facts.post_failure.empty()) {
    problems.push_back({Severity::kWarning, "statistics cannot be posted to " + facts.post_failure,
                        "check that the receiver runs, or change stats.url"});
  }
  if (!status.last_panic.empty()) {
    problems.push_back({Severity::kWarning, "the previous run crashed: " + status.last_panic,
                        "please send a support bundle: railgunctl support-bundle"});
  }
  if (status.state == control::DaemonState::kDraining) {
    problems.push_back({Severity::kWarning, "this daemon is stopping: it accepts no new requests", ""});
  }
}

}  // namespace

std::vector<Problem> find_problems(const Status& status, const ProblemFacts& facts) {
  std::vector<Problem> problems;
  certificate(problems, facts);
  visitor_certificates(problems, status, facts);
  links(problems, status);
  origins(problems, facts);
  trust(problems, facts);
  system(problems, status, facts);
  std::stable_partition(problems.begin(), problems.end(),
                        [](const Problem& problem) { return problem.severity == Severity::kError; });
  return problems;
}

}  // namespace railgun::statistics
