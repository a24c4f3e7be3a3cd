// The settings of one daemon, checked: an immutable value made from railgun.conf (config/parser.h), its map file and
// the table of settings (config/settings_table.h).
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
  std::string host;
  std::vector<Endpoint> listeners;     // whom to ask, in order of preference
  std::optional<OriginTarget> origin;  // where to go directly when there is no link
};

struct Config {
  Role role = Role::kListener;
  unsigned workers = 0;  // 0: one a core

  // The link.
  std::string wan_ip;              // empty: all addresses
  std::uint16_t wan_port = 2408;
  unsigned wan_lanes = 1;          // links of a sender's worker to one listener
  bool wan_tls = true;
  std::vector<Endpoint> wan_dial;  // a listener behind NAT dials these senders
  std::string wan_congestion;      // TCP congestion control, empty: the system's
  std::string cert_file, key_file, link_ca_file;
  std::size_t stream_window_bytes = 256 * 1024, link_window_bytes = 8 << 20;
  std::size_t streams = 1000;

  // The sender's clients.
  std::vector<Endpoint> listen;
  std::vector<Site> sites;
  std::size_t clients = 20000;           // connections at once, all workers
  std::size_t request_head_bytes = 32 * 1024;
  std::string header_name = "Cf-Railgun"; // empty: no header
  std::vector<std::string> trusted_proxies;  // addresses whose X-Forwarded-For is kept and added to
  Duration client_head_timeout, client_idle_timeout, client_body_timeout, client_write_timeout;

  // Origins.
  Duration lan_timeout = std::chrono::seconds(30);          // connecting and waiting for an answer's head
  Duration lan_connect_timeout = std::chrono::seconds(10);
  Duration lan_body_timeout = std::chrono::seconds(0);      // silence in an answer's body; 0: none
  unsigned origin_idle_connections = 8;                      // origin.idleconns
  std::size_t origin_connections = 256;                      // at once to one target
  bool validate_cert = true, insecure_origin = false, origin_cf_railgun = false;
  std::string ca_bundle;
  OriginMap origins;  // map.file

  // References and deltas.
  std::size_t memory_limit_bytes = 256 << 20;  // page versions in memory
  std::size_t page_limit_bytes = 8 << 20;      // largest page kept as a reference
  NoStore no_store = NoStore::kMemory;
  std::string reference_secret_file;
  std::vector<std::string> isolate_cookies, isolate_headers;
  bool isolate_authorization = true;
  Effort delta_effort = Effort::kAuto;
  Duration delta_cpu_budget = std::chrono::microseconds(2000);
  unsigned padding_bytes = 0;  // answers on the link are padded to a multiple of it; 0: not

  // memcached.
  std::vector<Endpoint> memcached_servers;
  std::string memcached_socket;  // instead of servers
  Duration memcached_timeout = std::chrono::milliseconds(100), memcached_expiration = std::chrono::seconds(600);
  std::size_t memcached_limit_bytes = 1000000;

  // Logs and files.
  int log_level = 0;
  std::string syslog_address, stderr_file, pid_file, state_directory, control_socket;

  // Statistics.
  bool stats_enabled = false, stats_log = false;
  std::string stats_url;
  std::optional<Endpoint> stats_listen;
  Duration stats_interval = std::chrono::minutes(1);

  // Activation.
  std::string activation_token, activation_host;

  Duration drain_timeout = std::chrono::seconds(30);
};

using ConfigPtr = std::shared_ptr<const Config>;

// The site that serves a host (lower case, without port): the exact one, else the longest "*.suffix", else "default".
const Site* find_site(const Config& config, std::string_view host);

}  // namespace railgun::config
