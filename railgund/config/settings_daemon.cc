// The settings of the daemon itself (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kDay = 86400;  // seconds

constexpr std::array kSettings{
    Setting{
        .key = "role",
        .place = &Config::role,
        .takes = Takes::kRestart,
        .help =
            "listener: runs beside the origin web server. sender: runs near the visitors and is an HTTP proxy to them.",
        .shipped = "listener",
        .section = "The daemon"},
    Setting{.key = "workers",
            .place = &Config::workers,
            .takes = Takes::kRestart,
            .help = "Number of worker threads. 0 means one per CPU core.",
            .most = 1024},
    Setting{.key = "drain.timeout",
            .place = &Config::drain_timeout,
            .help = "Time that requests under way have to finish when the daemon stops or hands over to an upgraded "
                    "one. Then they are cut.",
            .most = kDay},
    Setting{.key = "pid.file",
            .place = &Config::pid_file,
            .takes = Takes::kRestart,
            .help = "File to write the process ID to.",
            .form = Form::kPath,
            .shipped = "/var/run/railgun/railgun.pid"},
    Setting{.key = "state.directory",
            .place = &Config::state_directory,
            .takes = Takes::kRestart,
            .help = "Directory for keys, certificates and the registry of activated listeners. Empty: nothing is "
                    "stored, and activation is not possible.",
            .form = Form::kPath,
            .shipped = "/var/lib/railgun"},
    Setting{.key = "control.socket",
            .place = &Config::control_socket,
            .takes = Takes::kRestart,
            .help = "Path of the Unix socket for railgunctl. Empty: no socket.",
            .form = Form::kPath,
            .shipped = "/run/railgun/railgund.sock"},
    Setting{.key = "control.group",
            .place = &Config::control_group,
            .takes = Takes::kRestart,
            .help = "Group whose members may read over the control socket. Changes need root or the daemon's user.",
            .form = Form::kWord},
};

}  // namespace

std::span<const Setting> daemon_settings() { return kSettings; }

}  // namespace railgun::config
