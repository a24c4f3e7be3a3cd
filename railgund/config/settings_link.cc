// The settings of the link between senders and listeners (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kGiB = 1 << 30;

constexpr std::array kSettings{
    Setting{.key = "wan.ip",
            .place = &Config::wan_ip,
            .takes = Takes::kRestart,
            .help = "Local address on which to accept links. Empty: all addresses.",
            .form = Form::kAddress,
            .section = "The link between senders and listeners"},
    Setting{.key = "wan.port",
            .place = &Config::wan_port,
            .takes = Takes::kRestart,
            .help = "Port on which to accept links.",
            .least = 1,
            .most = 65535},
    Setting{.key = "wan.lanes",
            .place = &Config::wan_lanes,
            .takes = Takes::kRestart,
            .help =
                "Number of links from each worker to each listener, or to each sender of wan.dial. Each carries many "
                "requests at once. While one carries a large answer, other requests take another, so that they do not "
                "wait for packets that a line loses.",
            .least = 1,
            .most = 1000},
    Setting{.key = "wan.dial",
            .place = &Config::wan_dial,
            .takes = Takes::kRestart,
            .concerns = Concerns::kListener,
            .help = "Senders that this listener connects to, for listeners that senders cannot reach (such as behind "
                    "NAT). Those senders need wan.accept = 1.",
            .default_port = 2408,
            .example = "sender.example.com:2408"},
    Setting{.key = "wan.accept",
            .place = &Config::wan_accept,
            .takes = Takes::kRestart,
            .concerns = Concerns::kSender,
            .help = "Accept links from listeners that connect by wan.dial, on wan.ip and wan.port."},
    Setting{.key = "wan.congestion",
            .place = &Config::wan_congestion,
            .takes = Takes::kRestart,
            .help = "TCP congestion control algorithm for links, such as bbr. Empty: the system's default.",
            .form = Form::kWord},
    Setting{.key = "wan.tls",
            .place = &Config::wan_tls,
            .takes = Takes::kRestart,
            .help = "Use TLS on links. 0 is for tests only: anyone can then connect and read the traffic."},
    Setting{.key = "cert.file",
            .place = &Config::cert_file,
            .help = "This daemon's certificate for links (PEM). Not needed after activation.",
            .form = Form::kPath,
            .example = "/etc/railgun/link.crt"},
    Setting{.key = "key.file",
            .place = &Config::key_file,
            .help = "Private key of cert.file (PEM).",
            .form = Form::kPath,
            .example = "/etc/railgun/link.key"},
    Setting{.key = "link.ca_file",
            .place = &Config::link_ca_file,
            .help = "Certificate of the authority that must have signed the other end's certificate (PEM). Not needed "
                    "after activation.",
            .form = Form::kPath,
            .example = "/etc/railgun/link-ca.crt"},
    Setting{.key = "link.hosts",
            .place = &Config::link_hosts,
            .concerns = Concerns::kListener,
            .help = "Hosts that every sender may request, in addition to those that its certificate names: HOST, "
                    "*.example.com, or * for all. A sender whose certificate names no host may request all hosts.",
            .form = Form::kWord,
            .example = "*.example.com"},
    Setting{.key = "link.streams",
            .place = &Config::link_streams,
            .takes = Takes::kRestart,
            .help = "Maximum number of concurrent requests per link.",
            .least = 1,
            .most = 100'000},
    Setting{.key = "link.stream_window",
            .place = &Config::link_stream_window_bytes,
            .takes = Takes::kRestart,
            .help = "Flow-control window of one request: the most bytes that one slow client makes this end buffer.",
            .form = Form::kByteCount,
            .least = 16 * 1024,
            .most = kGiB},
    Setting{.key = "link.window",
            .place = &Config::link_window_bytes,
            .takes = Takes::kRestart,
            .help = "Flow-control window of one link, shared by its requests.",
            .form = Form::kByteCount,
            .least = 64 * 1024,
            .most = kGiB},
    Setting{.key = "link.queue",
            .place = &Config::link_queue_bytes,
            .takes = Takes::kRestart,
            .help = "Maximum size of the data that waits to be sent on one link, over all its requests. A peer that "
                    "reads nothing makes this end hold no more.",
            .form = Form::kByteCount,
            .least = 256 * 1024,
            .most = kGiB},
    Setting{.key = "link.handshakes",
            .place = &Config::link_handshakes,
            .takes = Takes::kRestart,
            .help = "Maximum number of connections to wan.port that have not completed the TLS handshake, over all "
                    "workers. For one more, the oldest is closed. One address may have half of them. Each has 5 s.",
            .least = 4,
            .most = 100'000},
    Setting{.key = "link.slow_start",
            .place = &Config::link_slow_start,
            .concerns = Concerns::kSender,
            .help = "Time in which a listener that can be reached again gets its part of the pages back "
                    "(site.HOST.weights). 0: all at once.",
            .most = 86'400},
    Setting{.key = "link.wait",
            .place = &Config::link_wait,
            .concerns = Concerns::kSender,
            .help = "Time that a request waits for a link that is being established. Then it is handled as without a "
                    "link: it goes directly to the origin or gets status 527.",
            .most = 60'000,
            .unit = milliseconds(1)},
    Setting{.key = "timeout.link_connect",
            .place = &Config::link_connect_timeout,
            .help = "Timeout for establishing a link, including the TLS handshake.",
            .least = 1,
            .most = 600},
    Setting{.key = "timeout.link_idle",
            .place = &Config::link_idle_timeout,
            .help = "Idle time after which a link is tested with a ping.",
            .least = 1,
            .most = 3600},
    Setting{.key = "timeout.link_ping",
            .place = &Config::link_ping_timeout,
            .help = "Timeout for the answer to a ping. Without an answer the link is closed.",
            .least = 1,
            .most = 600},
};

}  // namespace

std::span<const Setting> link_settings() { return kSettings; }

}  // namespace railgun::config
