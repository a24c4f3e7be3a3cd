#include "railgunctl/check_daemon.h"

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
  const std::string seen =
      "none can serve " + site.host + (direct ? ": its requests go direct" : ": its visitors get 527");
  const std::string advice = site.listeners.empty() ? "railgunctl railgun create NAME --host " + site.host +
                                                          ", and activate a listener with the token"
                                                    : "the row of its listener says more: " + site.listeners.front();
  return direct ? warning("links", seen, advice) : error("links", seen, advice);
}

}  // namespace

Findings judge_config(const std::string& path, const Result<config::ParsedConfig>& loaded) {
  Findings findings;
  if (!loaded) {
    if (loaded.error().code == Errc::kDenied) return {unknown("config", loaded.error().text, "run this as root")};
    if (loaded.error().code == Errc::kNotFound) {
      return {error("config", loaded.error().text,
                    "install the package, or name the file: railgunctl --config FILE check")};
    }
    // A line for each fault.
    std::istringstream lines(loaded.error().text);
    for (std::string line; std::getline(lines, line);) {
      findings.push_back(
          error("config", line, findings.empty() ? "correct it; the daemon does not start with it" : ""));
    }
    return findings;
  }
  findings.push_back(fine("config", path + ": " + role_text(loaded->config.role)));
  for (const std::string& text : loaded->warnings)
    findings.push_back(warning("config", text, "take the line out, or correct it"));
  return findings;
}

Findings judge_daemon(const StatusAnswer& answer, const std::string& version) {
  if (!answer) {
    if (answer.error().exit_code == ExitCode::kDenied)
      return {unknown("daemon", answer.error().error.text, "run this as root")};
    return {error("daemon", answer.error().error.text,
                  "systemctl start railgund; if it ends at once: journalctl -u railgund")};
  }
  const control::Status& status = *answer;
  const std::string seen =
      "railgund " + status.version + ", " + control::name_of(status.state) + " for " + span_text(status.uptime_seconds);
  Findings findings;
  if (status.version != version) {
    findings.push_back(warning("daemon", seen + "; this railgunctl is " + version,
                               "an upgrade has not been taken over: systemctl restart railgund"));
  } else if (status.state == control::DaemonState::kDraining) {
    findings.push_back(warning("daemon", seen, "it is ending and takes no new requests"));
  } else {
    findings.push_back(fine("daemon", seen));
  }
  if (!status.last_panic.empty()) {
    findings.push_back(warning("crash", "the run before this one ended in a crash: " + status.last_panic,
                               "please send it to support: railgunctl support-bundle"));
  }
  return findings;
}

Findings judge_links(const control::Status& status) {
  const auto up = std::count_if(status.links.begin(), status.links.end(),
                                [](const auto& link) { return link.state == control::LinkState::kUp; });
  if (up == 0 && status.uptime_seconds < kSettledSeconds) return {unknown("links", "the daemon has only just started")};
  Findings findings;
  for (const control::SiteInfo& site : status.sites) {
    if (site.links_up == 0) findings.push_back(judge_site(site));
  }
  if (!findings.empty()) return findings;
  if (up == 0 && status.role == control::Role::kListener) {
    return {warning("links", "no sender is linked to this listener",
                    "see whether the sender runs and names this listener, and from it: railgunctl probe HOST")};
  }
  if (up == 0) return {warning("links", "none, and no site to serve", "railgunctl railgun create NAME --host HOST")};
  return {fine("links", count_text(static_cast<std::uint64_t>(up)) + " up")};
}

}  // namespace railgun::ctl
