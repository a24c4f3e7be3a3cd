// The settings of statistics (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

using std::chrono::minutes;

constexpr std::array kSettings{
    Setting{.key = "stats.enabled",
            .place = &Config::stats_enabled,
            .takes = Takes::kRestart,
            .help = "Enable statistics. The settings below have no effect without it.",
            .section = "Statistics"},
    Setting{.key = "stats.listen",
            .place = &Config::stats_listen,
            .takes = Takes::kRestart,
            .help =
                "Address of the HTTP endpoint for statistics: / is a page for browsers, and JSON in the original's "
                "form for other clients; /metrics is for Prometheus. An address other than loopback needs stats.token.",
            .example = "127.0.0.1:24088"},
    Setting{.key = "stats.token",
            .place = &Config::stats_token,
            .help = "Token that clients on other machines must send, as Authorization: Bearer TOKEN or as the password "
                    "of any user. openssl rand -hex 16 creates one.",
            .form = Form::kWord,
            .secret = true},
    Setting{.key = "stats.url",
            .place = &Config::stats_url,
            .help = "URL to post statistics to as JSON, http:// or https:// (certificates are verified, see "
                    "ca.bundle). USER:PASSWORD@ before the host is sent as basic authentication.",
            .form = Form::kUrl},
    Setting{.key = "stats.log", .place = &Config::stats_log, .help = "Write statistics to the log."},
    Setting{.key = "stats.interval",
            .place = &Config::stats_interval,
            .help = "Interval for stats.url and stats.log, at least one second.",
            .most = 1440,
            .unit = minutes(1)},
};

}  // namespace

std::span<const Setting> statistics_settings() { return kSettings; }

}  // namespace railgun::config
