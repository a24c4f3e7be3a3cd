// The settings of a sender's sites and clients (settings_table.h).
#include <array>

#include "railgund/config/settings_sections.h"

namespace railgun::config {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kDay = 86400;  // seconds

constexpr std::array kSettings{
    Setting{
        .key = "listen",
        .place = &Config::listen,
        .takes = Takes::kRestart,
        .concerns = Concerns::kSender,
        .help =
            "Where to accept web clients, or the web server in front: ADDRESS:PORT, or unix:PATH for a Unix socket, "
            "separated by spaces. Every user of the machine who may enter the socket's folder can connect to it, and "
            "counts as a client at 127.0.0.1.",
        .form = Form::kHostPortOrPath,
        .default_port = 80,
        .example = "0.0.0.0:80 [::]:80",
        .section = "A sender's sites and clients"},
    Setting{.key = "listen.proxy_protocol",
            .place = &Config::listen_proxy_protocol,
            .concerns = Concerns::kSender,
            .help =
                "Those addresses of listen and listen.tls to which a balancer connects that sends the PROXY protocol, "
                "version 1 or 2, written as there. The address in its header is the client's. Only trusted.proxies may "
                "connect there, and every connection must begin with the header.",
            .form = Form::kHostPortOrPath,
            .default_port = 80,
            .example = "10.0.0.1:8080"},
    Setting{.key = "site.HOST.listeners",
            .place = &Site::listeners,
            .concerns = Concerns::kSender,
            .help = "Listeners to ask for this host, in order of preference. HOST is a host name, an IPv6 "
                    "address in brackets, *.example.com or default.",
            .default_port = 2408,
            .example = "listener.example.com:2408"},
    Setting{.key = "site.HOST.weights",
            .place = &Site::weights,
            .concerns = Concerns::kSender,
            .help =
                "Weights of site.HOST.listeners, in their order: each listener gets that part of the site's pages, and "
                "a page stays with its listener. 0: it is asked only when no other can be. Listeners without a number "
                "have 1. When a listener fails, its pages go to the others; when it is back, it gets them again over "
                "link.slow_start. Empty: the first listener that can be reached is asked for all pages.",
            .most = 1000,
            .example = "3 1"},
    Setting{.key = "site.HOST.origin",
            .place = &Site::origin,
            .concerns = Concerns::kSender,
            .help = "Origin web server of this host. Requests go directly to it when no listener can be reached. "
                    "Empty: such requests get status 527.",
            .example = "https://origin.example.com"},
    Setting{.key = "site.HOST.dictionary",
            .place = &Site::dictionary,
            .concerns = Concerns::kSender,
            .help = "The same as browser.dictionary, for this host alone.",
            .example = "off"},
    Setting{.key = "site.HOST.early_hints",
            .place = &Site::early_hints,
            .concerns = Concerns::kSender,
            .help =
                "Send early hints (103) from memory to HTTP/2 clients: while the origin makes a page, the browser is "
                "told the style sheets, preloads and connections that the last version of the same page named to "
                "the same visitor, and fetches them meanwhile.",
            .example = "on"},
    Setting{.key = "site.HOST.error_page",
            .place = &Site::error_page,
            .concerns = Concerns::kSender,
            .help = "A file of HTML, at most 64 KB, that visitors see instead of a line of text when the pair itself "
                    "answers with a status of 500 to 599: no link, no origin, no memory. Pages of the origin's own "
                    "pass as they are. Read at the start and by a reload.",
            .form = Form::kPath,
            .example = "/etc/railgun/error.html"},
    Setting{.key = "host.ports",
            .place = &Config::host_ports,
            .concerns = Concerns::kSender,
            .help = "Ports that a request's Host may name, besides 80, 443 and those of listen and listen.tls. Other "
                    "ports get status "
                    "421. Set it where a balancer or a port mapping in front of the sender has another port.",
            .form = Form::kWord,
            .example = "8443"},
    Setting{.key = "clients.limit",
            .place = &Config::clients_limit,
            .concerns = Concerns::kSender,
            .help =
                "Maximum number of client connections, over all workers. When it is reached, a new client takes the "
                "place of the connection that has been idle for longest; if none is idle, it gets status 503.",
            .least = 1,
            .most = 10'000'000},
    Setting{.key = "clients.per_address",
            .place = &Config::clients_per_address,
            .concerns = Concerns::kSender,
            .help =
                "Maximum number of connections from one IPv4 address or IPv6 /64; a client over it gets status 503. "
                "It does not apply to trusted.proxies and to this machine.",
            .least = 1,
            .most = 10'000'000},
    Setting{.key = "clients.requests",
            .place = &Config::clients_requests,
            .concerns = Concerns::kSender,
            .help =
                "Maximum number of requests on one client connection; the last answer says Connection: close. 0: no "
                "limit.",
            .most = 1'000'000'000},
    Setting{.key = "clients.min_rate",
            .place = &Config::clients_min_rate_bytes,
            .concerns = Concerns::kSender,
            .help = "Minimum rate, in bytes per second, at which a client must send a request body and take an answer. "
                    "It is measured over timeout.client_body and timeout.client_write, and only while bytes are wanted "
                    "from the client or wait for it. A slower client is disconnected. 0: no minimum.",
            .form = Form::kByteCount,
            .most = kMiB},
    Setting{.key = "clients.half_close",
            .place = &Config::clients_half_close,
            .concerns = Concerns::kSender,
            .help =
                "Meaning of a client's TCP FIN while it waits for its answer. answer: the client may still read, so "
                "it is answered; a client that has left looks the same, so the origin works until it answers or "
                "lan.timeout ends. cancel: the client has left; the request is cancelled at the origin too. A TCP "
                "reset always cancels."},
    Setting{.key = "request.head_limit",
            .place = &Config::request_head_limit_bytes,
            .concerns = Concerns::kSender,
            .help = "Maximum size of a request head. A request with a larger one gets status 431.",
            .form = Form::kByteCount,
            .least = 1024,
            .most = kMiB},
    Setting{.key = "request.body_buffer",
            .place = &Config::request_body_buffer_bytes,
            .concerns = Concerns::kSender,
            .help =
                "The bytes of a request body that must be here before the request is sent to a listener or an origin, "
                "so that a slow client takes none of their connections meanwhile. A body that fits is sent whole, "
                "with its length. 0: requests are sent at once.",
            .form = Form::kByteCount,
            .most = 128 * 1024},
    Setting{.key = "request.streamed",
            .place = &Config::request_streamed,
            .concerns = Concerns::kSender,
            .help = "Maximum number of requests, for each worker, whose body has no announced length and that are sent "
                    "before request.body_buffer bytes are here, after a second's wait: clients that send a little at a "
                    "time and expect answers in between.",
            .most = 1'000'000},
    Setting{.key = "header.name",
            .place = &Config::header_name,
            .concerns = Concerns::kSender,
            .help = "Name of the response header that says how Railgun handled the request (railgunctl decode explains "
                    "it). none: no header.",
            .form = Form::kWord},
    Setting{.key = "header.exact",
            .place = &Config::header_exact,
            .concerns = Concerns::kSender,
            .help = "Show every client the exact size of the delta in that header. 0: trusted.proxies see it exactly, "
                    "others rounded up to 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50 or 100 percent."},
    Setting{
        .key = "header.timing",
        .place = &Config::header_timing,
        .concerns = Concerns::kSender,
        .help =
            "Add the header Server-Timing to answers, which browsers show among their developer tools: the way of the "
            "answer, and the milliseconds of the link and the origin. Visitors then see these times."},
    Setting{.key = "trusted.proxies",
            .place = &Config::trusted_proxies,
            .concerns = Concerns::kSender,
            .help = "Addresses and networks (such as 10.0.0.0/8) of proxies in front of the sender. Their forwarding "
                    "headers (X-Forwarded-For, X-Forwarded-Proto, X-Real-IP, …) are kept and extended; those of other "
                    "clients are replaced.",
            .form = Form::kAddress,
            .example = "127.0.0.1 ::1"},
    Setting{.key = "timeout.client_head",
            .place = &Config::client_head_timeout,
            .concerns = Concerns::kSender,
            .help = "Timeout for receiving a request head, counted from its first byte.",
            .least = 1,
            .most = kDay},
    Setting{.key = "timeout.client_idle",
            .place = &Config::client_idle_timeout,
            .concerns = Concerns::kSender,
            .help = "Timeout for the next request on an idle client connection.",
            .least = 1,
            .most = kDay},
    Setting{.key = "timeout.client_body",
            .place = &Config::client_body_timeout,
            .concerns = Concerns::kSender,
            .help = "Timeout for the next bytes of a request body. See also clients.min_rate.",
            .least = 1,
            .most = kDay},
    Setting{.key = "timeout.client_write",
            .place = &Config::client_write_timeout,
            .concerns = Concerns::kSender,
            .help = "Timeout for a client to take more bytes of its answer. See also clients.min_rate.",
            .least = 1,
            .most = kDay},
    Setting{
        .key = "timeout.upgrade",
        .place = &Config::upgrade_timeout,
        .help =
            "Idle timeout of WebSocket and other upgraded connections: no bytes in either direction. 0: no timeout.",
        .most = 30 * kDay},
    Setting{.key = "timeout.half_closed",
            .place = &Config::half_closed_timeout,
            .help =
                "Idle timeout of such a connection after one end has closed its direction (TCP FIN). Once the origin "
                "has, also the time in which the client may go on sending. 0: no timeout.",
            .most = kDay},
};

}  // namespace

std::span<const Setting> clients_settings() { return kSettings; }

}  // namespace railgun::config
