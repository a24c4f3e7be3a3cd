// The settings of one daemon, checked: an immutable value made from railgun.conf (config/parser.h), its map file and
// the table of settings (config/settings_table.h). The values here are the defaults: the table has none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/field.h"
#include "railgund/base/time.h"
#include "railgund/config/origin_map.h"

namespace railgun::config {

enum class Role : std::uint8_t { kListener, kSender };
enum class BrowserDictionary : std::uint8_t { kOff, kSite, kPage };
enum class HalfClose : std::uint8_t { kAnswer, kCancel };
enum class NoStore : std::uint8_t { kMemory, kNever, kAll };
enum class AccessFormat : std::uint8_t { kCombined, kJson };
enum class LogQuery : std::uint8_t { kAll, kNames, kNone };
enum class Effort : std::uint8_t { kAuto, kFast, kStrong, kZstd };

// A host that a sender serves. Keys: site.HOST.listeners, site.HOST.origin; HOST may be "default" or "*.example.com".
struct Site {
  std::string host;                                  // lower case; an IPv6 address without brackets
  std::vector<Endpoint> listeners;                   // in order of preference
  std::optional<OriginTarget> origin;                // asked directly when there is no link
  std::optional<BrowserDictionary> dictionary = {};  // instead of Config::browser_dictionary
  bool early_hints = false;                          // links of a page's last version are sent before its next
  std::string error_page = {};                       // a file; empty: answers of the pair's own are a line of text
  std::string error_page_text = {};                  // the content of error_page
  std::vector<unsigned> weights = {};                // of the listeners; empty: the order alone counts
  bool operator==(const Site&) const = default;
};

// Names of cookies that measure and advertise: pages do not depend on them. "*" at the end stands for any ending.
std::vector<std::string> analytics_cookies();

// Each member has the name of its key: wan.port is wan_port, timeout.link_ping is link_ping_timeout; the unit of a
// plain number is added (tests/tidy/settings.py). The table has the help texts.
struct Config {
  Role role = Role::kListener;
  unsigned workers = 0;  // 0: one per CPU core
  Duration drain_timeout = std::chrono::seconds(30);
  std::string pid_file, state_directory, control_socket;
  std::string cache_directory;            // empty: page versions end with the process
  std::string control_group = "railgun";  // may read over the control socket

  // The link.
  std::string wan_ip;  // empty: all addresses
  std::uint16_t wan_port = 2408;
  unsigned wan_lanes = 2;  // links of one worker to one other end
  bool wan_tls = true;
  std::vector<Endpoint> wan_dial;  // the senders that a listener behind NAT connects to
  bool wan_accept = false;         // a sender accepts links from listeners, on wan_ip and wan_port
  std::string wan_congestion;      // TCP congestion control; empty: the system's
  std::string cert_file, key_file, link_ca_file;
  std::vector<std::string> link_hosts;  // that senders may ask for besides those of their certificates
  std::size_t link_streams = 4000;      // concurrent requests on one link
  std::size_t link_stream_window_bytes = 256 * 1024, link_window_bytes = 32 << 20;
  std::size_t link_queue_bytes = 4 << 20;  // of bodies that wait to be sent on one link
  std::size_t link_handshakes = 64;        // connections to wan.port that have not completed TLS, all workers together
  Duration link_slow_start = std::chrono::seconds(30);       // of a listener with a weight that is reachable again
  Duration link_wait = std::chrono::milliseconds(500);       // of a request, for a link that is being opened
  Duration link_connect_timeout = std::chrono::seconds(10);  // TCP and TLS together
  Duration link_idle_timeout = std::chrono::seconds(15);     // silence before a PING is sent
  Duration link_ping_timeout = std::chrono::seconds(10);     // silence after it before the link is closed

  // The sender's clients.
  std::vector<Endpoint> listen;
  std::vector<Endpoint> listen_tls;
  std::vector<Endpoint> listen_proxy_protocol;  // of these two: connections begin with a PROXY header
  std::string tls_directory;                    // certificates for listen_tls
  std::string tls_ticket_file;                  // secrets of session tickets, shared between edges
  bool http2 = true;                            // offered to clients over TLS
  bool http2_clear = false;                     // taken from clients without TLS that begin with it
  std::size_t http2_streams = 100;              // requests at once on one connection
  std::size_t tls_handshakes = 1024;  // connections to listen_tls that have not completed TLS, all workers together
  std::vector<Site> sites;
  std::vector<std::string> host_ports;       // that a request's Host may name besides those of `listen`, 80 and 443
  std::size_t clients_limit = 20000;         // concurrent connections, all workers together
  std::size_t clients_per_address = 10000;   // concurrent connections from one IPv4 address or IPv6 /64
  std::size_t clients_requests = 10000;      // on one connection; 0: no limit
  std::size_t clients_min_rate_bytes = 500;  // per second, of uploads and answers; 0: no minimum
  HalfClose clients_half_close = HalfClose::kAnswer;  // what a FIN means while a request is being answered
  std::size_t request_head_limit_bytes = 32 * 1024;
  std::size_t request_body_buffer_bytes = 64 * 1024;         // of an upload, before the request goes on its way
  std::size_t request_streamed = 32;                         // uploads of one worker that go on their way earlier
  std::string header_name = "Cf-Railgun";                    // empty: no header
  bool header_timing = false;                                // Server-Timing in answers
  bool header_exact = false;                                 // ratios as they are, whoever asks
  std::vector<std::string> trusted_proxies;                  // addresses whose X-Forwarded-For is kept and extended
  Duration client_head_timeout = std::chrono::seconds(15);   // from the first byte of a request to the end of its head
  Duration client_idle_timeout = std::chrono::seconds(75);   // between requests
  Duration client_body_timeout = std::chrono::seconds(60);   // without a byte of a request's body
  Duration client_write_timeout = std::chrono::seconds(60);  // while the client reads nothing of its answer
  Duration upgrade_timeout = std::chrono::hours(1);          // a WebSocket without a byte in either direction; 0: none
  Duration half_closed_timeout = std::chrono::seconds(5);    // the same, once one of its ends sends no more; 0: none

  unsigned redirect_https = 0;       // status of the redirect from http; 0: none
  std::vector<Field> answer_fields;  // that every answer gets
  std::string acme_directory;        // where a client of ACME puts challenges

  // Pages compressed for visitors.
  std::vector<std::string> compress = {"zstd", "br", "gzip"};  // in order of preference
  int compress_zstd_level = 5, compress_br_level = 5, compress_gzip_level = 6;
  std::size_t compress_min_bytes = 256;  // shorter bodies are sent as they are
  std::vector<std::string> compress_types = {"text/*",
                                             "application/json",
                                             "application/*+json",
                                             "application/xml",
                                             "application/*+xml",
                                             "application/javascript",
                                             "image/svg+xml",
                                             "application/x-javascript",
                                             "application/wasm",
                                             "font/ttf",
                                             "font/otf",
                                             "image/x-icon"};
  std::size_t compress_memory_bytes = 16 << 20;  // compressed parts of pages kept by one worker

  // Dictionaries in visitors' browsers.
  BrowserDictionary browser_dictionary = BrowserDictionary::kSite;
  unsigned browser_share_among = 3;                   // visitors who must have been sent what enters a dictionary
  std::size_t browser_memory_bytes = 64 << 20;        // of dictionaries and the samples for them, all workers together
  std::size_t browser_pages_memory_bytes = 64 << 20;  // of which pages browsers hold, all workers together

  // Origins.
  Duration lan_timeout = std::chrono::seconds(30);  // to connect and receive the head of the answer
  Duration origin_connect_timeout = std::chrono::seconds(10);
  Duration origin_body_timeout = std::chrono::seconds(0);   // without a byte of an answer's body; 0: none
  Duration origin_idle_timeout = std::chrono::seconds(60);  // of a connection between requests
  unsigned origin_idleconns = 8;                            // idle connections kept to one target
  std::size_t origin_connections = 256;                     // concurrent connections to one target
  std::string map_file;
  OriginMap origins;  // the content of map_file
  bool validate_cert = true;
  std::string ca_bundle;
  bool insecure_origin = false, origin_cf_railgun = false;

  // References and deltas.
  std::size_t memory_limit_bytes = 256 << 20;        // page versions in memory
  unsigned memory_prepared_percent = 20;             // of these, kept for state prepared for coding
  std::size_t reference_page_limit_bytes = 8 << 20;  // largest page kept as a reference
  NoStore reference_no_store = NoStore::kMemory;
  std::string reference_secret_file;
  bool isolate_visitors = true;  // a page asked for with credentials is a reference for the same ones alone
  std::vector<std::string> isolate_ignore_cookies = analytics_cookies();  // no credentials; "*": any ending
  unsigned isolate_shared_by = 3;  // visitors who were sent the same version: it is everybody's reference from then on
  std::vector<std::string> isolate_cookies, isolate_headers;
  bool isolate_authorization = true;
  Effort delta_effort = Effort::kAuto;
  Duration delta_cpu_budget = std::chrono::microseconds(2500);
  unsigned delta_padding_bytes = 0;  // answers on the link are padded to a multiple of this; 0: no padding

  // memcached.
  std::vector<Endpoint> memcached_servers;
  std::string memcached_socket;  // instead of servers
  Duration memcached_timeout = std::chrono::milliseconds(100), memcached_expiration = std::chrono::seconds(600);
  std::size_t memcached_limit_bytes = 1000000;  // largest item
  unsigned memcached_replicas = 0;              // further servers that keep each item
  unsigned memcached_threads = 2;
  std::size_t memcached_queue_items = 4096;  // operations waiting for those threads
  std::size_t memcached_queue_bytes = 16 << 20;

  // Activation.
  std::string activation_token, activation_railgun_host;         // of a listener
  std::optional<Endpoint> activation_listen;                     // of a sender: where listeners connect to be activated
  std::string activation_address;                                // HOST:PORT of that, as tokens carry it
  Duration activation_certificate_life = std::chrono::days(90);  // of the certificates that a sender issues

  // Logs.
  int log_level = 0;
  std::string syslog_addr, stderr_file;
  LogQuery log_query = LogQuery::kAll;
  std::string access_log;  // file, or "syslog"; empty: none
  AccessFormat access_format = AccessFormat::kCombined;
  bool debug_commands = false;  // root may crash the daemon on purpose

  // Statistics.
  bool stats_enabled = false, stats_log = false;
  std::string stats_url;
  std::optional<Endpoint> stats_listen;
  Duration stats_interval = std::chrono::minutes(1);
  std::string stats_token;  // required of clients that are not on loopback
};

using ConfigPtr = std::shared_ptr<const Config>;

// "site.HOST" and `ending`, such as ".listeners": the key of a site's setting. An IPv6 address stands in brackets.
std::string site_key(std::string_view host, std::string_view ending);
// The site has this name (lower case, without port and brackets). IPv6 addresses are compared, however they are written.
bool is_named(const Site& site, std::string_view host);
// The site that serves a host (lower case, without port and brackets): the exact one, else the longest "*.suffix", else "default".
const Site* find_site(const Config& config, std::string_view host);

}  // namespace railgun::config
