// The settings of logs (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::array kSettings{
    Setting{.key = "log.level",
            .place = &Config::log_level,
            .help = "0: errors and notices (start, stop, links, activation). 1: also information, such as one line per "
                    "request. 5: everything, for debugging.",
            .most = 5,
            .section = "Logs"},
    Setting{.key = "syslog.addr",
            .place = &Config::syslog_addr,
            .help = "Address of the syslog server: HOST:PORT (UDP), or the path of a Unix socket. Empty: the system's.",
            .form = Form::kSyslogAddress,
            .default_port = 514},
    Setting{.key = "log.query",
            .place = &Config::log_query,
            .help = "What all logs show of the query strings of addresses, which may hold secrets: in the addresses of "
                    "requests and in Referer. all: the whole. names: the names of the parameters, with * for each "
                    "value. none: nothing behind the question mark. Paths are always shown."},
    Setting{
        .key = "access.log",
        .place = &Config::access_log,
        .concerns = Concerns::kSender,
        .help =
            "File with a line for every request of a client, or syslog: to where the daemon's log goes. A reload opens "
            "the file again, as logrotate needs it. A disk that is too slow stops nothing: lines are dropped and "
            "counted. Empty: no access log.",
        .form = Form::kPath,
        .example = "/var/log/railgun/access.log"},
    Setting{.key = "access.format",
            .place = &Config::access_format,
            .concerns = Concerns::kSender,
            .help = "Format of these lines. combined: as Apache and nginx write them. json: an object, with the bytes "
                    "and times "
                    "of the link and the origin as well."},
    Setting{.key = "stderr.file",
            .place = &Config::stderr_file,
            .takes = Takes::kRestart,
            .help = "File for crash reports.",
            .form = Form::kPath,
            .shipped = "/var/log/railgun/panic.log"},
    Setting{.key = "debug.commands",
            .place = &Config::debug_commands,
            .takes = Takes::kRestart,
            .help = "Allow root to crash this daemon on purpose (railgunctl debug crash), to test crash reports. Not "
                    "for production."},
};

}  // namespace

std::span<const Setting> logs_settings() { return kSettings; }

}  // namespace railgun::config
