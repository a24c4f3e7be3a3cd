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
#include "railgund/base/time.h"
#include "railgund/config/origin_map.h"

namespace railgun::config {

enum class Role : std::uint8_t { kListener, kSender };
enum class NoStore : std::uint8_t { kMemory, kNever, kAll };
enum class Effort : std::uint8_t { kAuto, kFast, kStrong, kZstd };

// A host that a sender serves. Keys: site.HOST.listeners, site.HOST.origin; HOST may be "default" or "*.example.com".
struct Site {
  std::string host;                    // lower case
  std::vector<Endpoint> listeners;     // whom to ask, in order of preference
  std::optional<OriginTarget> origin;  // where to go directly when there is no link
  bool operator==(const Site&) const = default;
};

struct Config {
  Role role = Role::kListener;
  unsigned workers = 0;  // 0: one a core

  // The link.
  std::string wan_ip;  // empty: all addresses
  std::uint16_t wan_port = 2408;
  unsigned wan_lanes = 1;  // links of a sender's worker to one listener
  bool wan_tls = true;
  std::vector<Endpoint> wan_dial;  // a listener behind NAT dials these senders
  bool wan_accept = false;         // a sender takes links that listeners dial, on wan_ip and wan_port
  std::string wan_congestion;      // TCP congestion control, empty: the system's
  std::string cert_file, key_file, link_ca_file;
  std::size_t stream_window_bytes = 256 * 1024, link_window_bytes = 8 << 20;
  std::size_t streams = 1000;                                // at once on one link
  Duration link_connect_timeout = std::chrono::seconds(10);  // TCP and TLS
  Duration link_ping_interval = std::chrono::seconds(15);    // silence after which a PING goes out
  Duration link_ping_timeout = std::chrono::seconds(10);     // no answer for so long: the peer is gone
  Duration link_wait = std::chrono::milliseconds(500);       // a request waits so long for a link being made

  // The sender's clients.
  std::vector<Endpoint> listen;
  std::vector<Site> sites;
  std::size_t clients = 20000;  // connections at once, all workers
  std::size_t request_head_bytes = 32 * 1024;
  std::string header_name = "Cf-Railgun";                    // empty: no header
  std::vector<std::string> trusted_proxies;                  // addresses whose X-Forwarded-For is kept and added to
  Duration client_head_timeout = std::chrono::seconds(15);   // from the first byte of a request to its whole head
  Duration client_idle_timeout = std::chrono::seconds(75);   // between requests
  Duration client_body_timeout = std::chrono::seconds(60);   // silence in a request's body
  Duration client_write_timeout = std::chrono::seconds(60);  // a client that takes nothing of its answer
  Duration upgrade_idle_timeout = std::chrono::hours(1);     // silence in both directions of a WebSocket; 0: none

  // Origins.
  Duration lan_timeout = std::chrono::seconds(30);  // connecting and waiting for an answer's head
  Duration lan_connect_timeout = std::chrono::seconds(10);
  Duration lan_body_timeout = std::chrono::seconds(0);      // silence in an answer's body; 0: none
  unsigned origin_idle_connections = 8;                     // origin.idleconns
  Duration origin_idle_timeout = std::chrono::seconds(60);  // and how long they are kept
  std::size_t origin_connections = 256;                     // at once to one target
  bool validate_cert = true, insecure_origin = false, origin_cf_railgun = false;
  std::string ca_bundle;
  std::string map_file;
  OriginMap origins;  // what is in it

  // References and deltas.
  std::size_t memory_limit_bytes = 256 << 20;  // page versions in memory
  std::size_t page_limit_bytes = 8 << 20;      // largest page kept as a reference
  NoStore no_store = NoStore::kMemory;
  std::string reference_secret_file;
  std::vector<std::string> isolate_cookies, isolate_headers;
  bool isolate_authorization = true;
  Effort delta_effort = Effort::kAuto;
  Duration delta_cpu_budget = std::chrono::microseconds(2500);
  unsigned padding_bytes = 0;  // answers on the link are padded to a multiple of it; 0: not

  // memcached.
  std::vector<Endpoint> memcached_servers;
  std::string memcached_socket;  // instead of servers
  Duration memcached_timeout = std::chrono::milliseconds(100), memcached_expiration = std::chrono::seconds(600);
  std::size_t memcached_limit_bytes = 1000000;  // largest item
  unsigned memcached_threads = 2;
  std::size_t memcached_queue_items = 4096;  // waiting for those threads
  std::size_t memcached_queue_bytes = 16 << 20;

  // Logs and files.
  int log_level = 0;
  std::string syslog_address, stderr_file, pid_file, state_directory, control_socket;
  std::string control_group = "railgun";  // may read over the control socket
  bool debug_commands = false;            // root may crash it on purpose

  // Statistics.
  bool stats_enabled = false, stats_log = false;
  std::string stats_url;
  std::optional<Endpoint> stats_listen;
  Duration stats_interval = std::chrono::minutes(1);
  std::string stats_token;  // who asks for statistics from elsewhere than loopback must name it

  // Activation.
  std::string activation_token, activation_host;      // a listener's: the sender's token, where it is reached itself
  std::optional<Endpoint> activation_listen;          // a sender's: where listeners activate
  std::string activation_address;                     // HOST:PORT of it, as the tokens say it
  Duration certificate_life = std::chrono::days(90);  // of what a sender issues

  Duration drain_timeout = std::chrono::seconds(30);
};

using ConfigPtr = std::shared_ptr<const Config>;

// The site that serves a host (lower case, without port): the exact one, else the longest "*.suffix", else "default".
const Site* find_site(const Config& config, std::string_view host);

}  // namespace railgun::config
