// The settings of origin web servers (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kDay = 86400;  // seconds

constexpr std::array kSettings{
    Setting{.key = "lan.timeout",
            .place = &Config::lan_timeout,
            .help = "Timeout for an origin to accept a connection, and then to begin its answer. Slow pages need 100 s "
                    "or more.",
            .least = 1,
            .most = kDay,
            .section = "Origin web servers"},
    Setting{.key = "timeout.origin_connect",
            .place = &Config::origin_connect_timeout,
            .help = "Timeout for connecting to an origin, including the TLS handshake. At most lan.timeout.",
            .least = 1,
            .most = 3600},
    Setting{
        .key = "timeout.origin_body",
        .place = &Config::origin_body_timeout,
        .help = "Timeout for the next bytes of an answer's body. 0: no timeout, for long polls and server-sent events.",
        .most = kDay},
    Setting{.key = "timeout.origin_idle",
            .place = &Config::origin_idle_timeout,
            .help = "Time after which an idle connection to an origin is closed.",
            .least = 1,
            .most = kDay},
    Setting{.key = "origin.idleconns",
            .place = &Config::origin_idleconns,
            .help = "Number of idle connections that each worker keeps to one origin. More are closed after a second.",
            .most = 10'000},
    Setting{.key = "origin.connections",
            .place = &Config::origin_connections,
            .help = "Maximum number of connections from each worker to one origin. Further requests wait.",
            .least = 1,
            .most = 100'000},
    Setting{.key = "map.file",
            .place = &Config::map_file,
            .help = "File that maps hosts to addresses of origins, in lines HOST = TARGET [TARGET …]; see "
                    "railgun-nat.conf. A relative path starts at the directory of this file.",
            .form = Form::kPath,
            .shipped = "/etc/railgun/railgun-nat.conf"},
    Setting{.key = "validate.cert",
            .place = &Config::validate_cert,
            .help = "Verify the certificates of origins. 0 accepts any certificate."},
    Setting{.key = "ca.bundle",
            .place = &Config::ca_bundle,
            .help = "Certificates of the authorities to verify origins against (PEM). Empty: the system's.",
            .form = Form::kPath,
            .example = "/etc/ssl/certs/ca-certificates.crt"},
    Setting{.key = "insecure.origin",
            .place = &Config::insecure_origin,
            .help = "Use plain HTTP to origins, for HTTPS requests too. Only for an origin on the same machine."},
    Setting{.key = "origin.cf-railgun",
            .place = &Config::origin_cf_railgun,
            .concerns = Concerns::kListener,
            .help = "Add the header Cf-Railgun: origin to each request to the origin."},
};

}  // namespace

std::span<const Setting> origins_settings() { return kSettings; }

}  // namespace railgun::config
