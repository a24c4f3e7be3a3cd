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
            .help = "Where to accept web clients over TLS (https): as listen, ADDRESS:PORT or unix:PATH, separated by "
                    "spaces. The "
                    "certificates are those of tls.directory.",
            .form = Form::kHostPortOrPath,
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
    Setting{.key = "tls.ticket_file",
            .place = &Config::tls_ticket_file,
            .concerns = Concerns::kSender,
            .help =
                "File with the secret of session tickets, for senders that serve the same names: visitors then resume "
                "their TLS sessions at any of them, and after a restart. One line of 64 hexadecimal digits (openssl "
                "rand -hex 32); keys that are made from it change every 12 hours. To replace the secret, put the new "
                "one into the first line and leave the old one below for a day. Only the daemon's user may read the "
                "file. Empty: a random secret, which lasts until the daemon stops.",
            .form = Form::kPath,
            .example = "/etc/railgun/ticket.secret"},
    Setting{.key = "tls.handshakes",
            .place = &Config::tls_handshakes,
            .takes = Takes::kRestart,
            .concerns = Concerns::kSender,
            .help = "Maximum number of connections to listen.tls that have not completed the TLS handshake, over all "
                    "workers. A new connection pushes out the oldest one; one address can have half of them.",
            .least = 2,
            .most = 1'000'000},
    Setting{.key = "redirect.https",
            .place = &Config::redirect_https,
            .concerns = Concerns::kSender,
            .help =
                "Status with which http requests are redirected to https: 308 (the browser repeats the request as it "
                "is), 301, 302 or 307. 0: they are served. Challenges of ACME are never redirected, nor requests that "
                "reached a trusted proxy by https. Visitors are sent to the port of the first address of listen.tls.",
            .most = 308},
    Setting{.key = "answer.fields",
            .place = &Config::answer_fields,
            .concerns = Concerns::kSender,
            .help =
                "Header fields to add to every answer that does not have a field of that name: NAME: VALUE, several "
                "separated by |. Strict-Transport-Security is added to https answers only.",
            .example = "Strict-Transport-Security: max-age=31536000 | X-Content-Type-Options: nosniff"},
    Setting{.key = "acme.directory",
            .place = &Config::acme_directory,
            .concerns = Concerns::kSender,
            .help =
                "Folder in which a client of ACME, such as certbot, puts its challenges: as TOKEN, or as "
                ".well-known/acme-challenge/TOKEN. The sender answers requests for /.well-known/acme-challenge/TOKEN "
                "from it, whatever the host; requests for others go to the origin.",
            .form = Form::kPath,
            .example = "/var/lib/railgun-acme"},
    Setting{.key = "http2",
            .place = &Config::http2,
            .concerns = Concerns::kSender,
            .help = "Offer HTTP/2 to clients on listen.tls (by ALPN). 0: HTTP/1.1 only. A change applies to new "
                    "connections."},
    Setting{.key = "http2.clear",
            .place = &Config::http2_clear,
            .concerns = Concerns::kSender,
            .help =
                "Accept HTTP/2 without TLS on listen, from clients that begin with it (prior knowledge): a proxy in "
                "front of the sender, or a test. Upgrade: h2c is ignored."},
    Setting{.key = "http2.streams",
            .place = &Config::http2_streams,
            .concerns = Concerns::kSender,
            .help = "Maximum number of requests that one HTTP/2 connection may have open at once. Clients are told the "
                    "limit and wait; those that ignore it are disconnected.",
            .least = 1,
            .most = 10'000},
};

}  // namespace

std::span<const Setting> tls_settings() { return kSettings; }

}  // namespace railgun::config
