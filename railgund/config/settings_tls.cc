// The settings of TLS to visitors (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::array kSettings{
    Setting{.key = "listen.tls",
            .place = &Config::listen_tls,
            .takes = Takes::kRestart,
            .concerns = Concerns::kSender,
            .help = "Addresses on which to accept web clients over TLS (https): ADDRESS:PORT, separated by spaces. The "
                    "certificates are those of tls.directory.",
            .default_port = 443,
            .example = "0.0.0.0:443 [::]:443",
            .section = "TLS to visitors"},
    Setting{.key = "tls.directory",
            .place = &Config::tls_directory,
            .concerns = Concerns::kSender,
            .help = "Folder with the certificates for listen.tls, in PEM: NAME.pem (or NAME.crt) with NAME.key, or "
                    "NAME/fullchain.pem with NAME/privkey.pem as certbot writes them. The file has the certificate "
                    "first, then its chain. Each certificate serves the names in it; a host may have several, such as "
                    "ECDSA and RSA. Clients that ask for another name, or none, get the one called default, else the "
                    "first in alphabetical order. One that cannot be used is reported and left out. A reload reads the "
                    "folder again; connections stay open.",
            .form = Form::kPath,
            .example = "/etc/railgun/tls"},
    Setting{.key = "tls.handshakes",
            .place = &Config::tls_handshakes,
            .takes = Takes::kRestart,
            .concerns = Concerns::kSender,
            .help = "Maximum number of connections to listen.tls that have not completed the TLS handshake, over all "
                    "workers. A new connection pushes out the oldest one; one address can have half of them.",
            .least = 2,
            .most = 1'000'000},
};

}  // namespace

std::span<const Setting> tls_settings() { return kSettings; }

}  // namespace railgun::config
