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
