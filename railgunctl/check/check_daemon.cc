#include "railgunctl/check/check_daemon.h"

#include <algorithm>
#include <sstream>

#include "railgunctl/render.h"

namespace railgun::ctl {
namespace {

// A daemon that has just started has not had the time to dial.
constexpr double kSettledSeconds = 10;

const char* role_text(config::Role role) { return role == config::Role::kSender ? "a sender" : "a listener"; }

Finding judge_site(const control::SiteInfo& site) {
  const bool direct = !site.origin.empty();
  const std::string seen = "no link can serve " + site.host +
                           (direct ? ": its requests go directly to the origin" : ": its visitors get status 527");
  const std::string advice = site.listeners.empty() ? "railgunctl railgun create NAME --host " + site.host +
                                                          ", and activate a listener with the token"
                                                    : "see the row of its listener, " + site.listeners.front();
  return direct ? warning("links", seen, advice) : error("links", seen, advice);
}

}  // namespace

Findings judge_config(const std::string& path, const Result<config::ParsedConfig>& loaded) {
  Findings findings;
  if (!loaded) {
    if (loaded.error().code == Errc::kDenied) return {unknown("config", loaded.error().text, "run this as root")};
    if (loaded.error().code == Errc::kNotFound) {
      return {error("config", loaded.error().text,
                    "install the package, or give the path: railgunctl --config FILE check")};
    }
    // A line for each fault.
    std::istringstream lines(loaded.error().text);
    for (std::string line; std::getline(lines, line);) {
      findings.push_back(
          error("config", line, findings.empty() ? "correct the file; the daemon does not start until then" : ""));
    }
    return findings;
  }
  findings.push_back(fine("config", path + ": " + role_text(loaded->config.role)));
  for (const std::string& text : loaded->warnings)
    findings.push_back(warning("config", text, "remove or correct this line"));
  return findings;
}

Findings judge_daemon(const StatusAnswer& answer, const std::string& version) {
  if (!answer) {
    if (answer.error().exit_code == ExitCode::kDenied)
      return {unknown("daemon", answer.error().error.text, "run this as root")};
    return {error("daemon", answer.error().error.text,
                  "systemctl start railgund; if it exits immediately, see journalctl -u railgund")};
  }
  const control::Status& status = *answer;
  const std::string seen =
      "railgund " + status.version + ", " + control::name_of(status.state) + " for " + span_text(status.uptime_seconds);
  Findings findings;
  if (status.version != version) {
    findings.push_back(warning("daemon", seen + "; this railgunctl is " + version,
                               "the running daemon is not the installed version: systemctl restart railgund"));
  } else if (status.state == control::DaemonState::kDraining) {
    findings.push_back(warning("daemon", seen, "the daemon is stopping and accepts no new requests"));
  } else {
    findings.push_back(fine("daemon", seen));
  }
  if (!status.last_panic.empty()) {
    findings.push_back(warning("crash", "the previous run crashed: " + status.last_panic,
                               "please send a support bundle: railgunctl support-bundle"));
  }
  return findings;
}

Findings judge_links(const control::Status& status) {
  const auto up = std::count_if(status.links.begin(), status.links.end(),
                                [](const auto& link) { return link.state == control::LinkState::kUp; });
  if (up == 0 && status.uptime_seconds < kSettledSeconds) return {unknown("links", "the daemon has just started")};
  Findings findings;
  for (const control::SiteInfo& site : status.sites) {
    if (site.links_up == 0) findings.push_back(judge_site(site));
  }
  if (!findings.empty()) return findings;
  if (up == 0 && status.role == control::Role::kListener) {
    return {warning("links", "no sender is connected to this listener",
                    "check that the sender runs and lists this listener; then, on the sender: railgunctl probe HOST")};
  }
  if (up == 0)
    return {warning("links", "no link, and no site is configured", "railgunctl railgun create NAME --host HOST")};
  return {fine("links", count_text(static_cast<std::uint64_t>(up)) + " up")};
}

}  // namespace railgun::ctl
