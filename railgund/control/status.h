// What a daemon says of itself: the results of `status`, `reload` and the `railgun-…` commands (doc/CONTROL.md).
// Numbers are since the start of the daemon where nothing else is said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/result.h"

namespace railgun::control {

// Each of these is a word in the JSON. name_of() gives it.
enum class Role : std::uint8_t { kListener, kSender };                      // "listener", "sender"
enum class DaemonState : std::uint8_t { kRunning, kDraining };              // "running", "draining"
enum class LinkState : std::uint8_t { kConnecting, kUp, kDraining };        // "connecting", "up", "draining"
enum class StoreKind : std::uint8_t { kMemory, kMemcached };                // "memory", "memcached"
enum class StoreState : std::uint8_t { kUp, kDown };                        // "up", "down"
enum class Severity : std::uint8_t { kError, kWarning };                    // "error", "warning"
enum class RailgunStatus : std::uint8_t { kWaiting, kVerified, kDeleted };  // "INI", "V", "D"

const char* name_of(Role role);
const char* name_of(DaemonState state);
const char* name_of(LinkState state);
const char* name_of(StoreKind kind);
const char* name_of(StoreState state);
const char* name_of(Severity severity);
const char* name_of(RailgunStatus status);

// Exchanges and their bytes.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t delta = 0;       // answers coded against a reference
  std::uint64_t full = 0;        // answers compressed without a reference
  std::uint64_t stream = 0;      // answers passed unchanged
  std::uint64_t direct = 0;      // answers without a link
  std::uint64_t errors = 0;      // requests that were cut or answered by an error of railgund
  std::uint64_t page_bytes = 0;  // bodies of answers as the origin gave them
  std::uint64_t link_bytes = 0;  // what the same answers took on the link
  // Of a sender: bodies as they went to clients, by coding.
  std::uint64_t client_identity_bytes = 0, client_gzip_bytes = 0, client_br_bytes = 0, client_zstd_bytes = 0,
                client_dcz_bytes = 0;
  std::uint64_t client_page_bytes = 0;  // the bodies of all these before they were coded
};

struct LinkInfo {
  std::string peer{};                // host:port, or the address that it came from
  std::vector<std::string> hosts{};  // what its certificate allows; empty: all
  LinkState state = LinkState::kConnecting;
  bool dialed = false;  // this end opened it
  double age_seconds = 0;
  double round_trip_seconds = 0;  // 0: not yet measured
  std::uint64_t streams = 0;      // open now
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::string tls_group{};  // of the key exchange, as OpenSSL names it; empty without TLS
};

struct SiteInfo {
  std::string host{};
  std::vector<std::string> listeners{};  // host:port, in order of preference
  std::string origin{};                  // where requests go directly; empty: nowhere
  std::uint64_t links_up = 0;            // that can serve it
  // As in Traffic, of its hosts.
  std::uint64_t requests = 0, delta = 0, direct = 0, errors = 0, page_bytes = 0, link_bytes = 0;
};

// Something that is wrong, or soon will be.
struct Problem {
  Severity severity = Severity::kWarning;
  std::string text{};    // what is wrong
  std::string advice{};  // what to do
};

// A certificate that visitors are shown.
struct CertificateInfo {
  std::string file{};
  std::vector<std::string> names{};
  std::string key_type{};    // "EC", "RSA", …
  std::int64_t expires = 0;  // seconds since 1970
  std::int64_t days_left = 0;
};

struct Memory {
  std::uint64_t resident_bytes = 0;
  std::uint64_t references = 0;  // page versions held
  std::uint64_t reference_bytes = 0, reference_limit_bytes = 0;
};

// One memcached server: it has a share of all keys.
struct StoreServer {
  std::string address{};
  StoreState state = StoreState::kUp;
  std::uint64_t hits = 0, misses = 0, stored = 0;
  std::uint64_t too_large = 0;            // items that it refused for their size
  std::uint64_t errors = 0, refused = 0;  // refused: not asked for, because it is left alone or they waited too long
};

struct StoreInfo {
  StoreKind kind = StoreKind::kMemory;
  StoreState state = StoreState::kUp;
  std::uint64_t hits = 0, misses = 0, errors = 0;
  std::vector<StoreServer> servers{};
};

struct Status {
  Role role = Role::kListener;
  std::string version{}, build{};
  std::int64_t pid = 0;
  double uptime_seconds = 0;
  DaemonState state = DaemonState::kRunning;
  std::string config_file{};
  std::uint32_t workers = 0;
  std::vector<std::string> listening{};  // host:port
  std::uint64_t clients = 0;             // connections open now
  std::vector<LinkInfo> links{};
  std::vector<SiteInfo> sites{};
  std::vector<CertificateInfo> certificates{};
  Traffic traffic{};
  Memory memory{};
  StoreInfo store{};
  std::string last_panic{};  // in a line, if the last run ended by one
  std::vector<Problem> problems{};
};

// The outcome of `reload`.
struct Reloaded {
  std::vector<std::string> changed{};        // settings now in force
  std::vector<std::string> needs_restart{};  // settings that wait for one
};

// The result of `config`: the settings in force. Secrets are replaced before they get here.
struct Setting {
  std::string name{}, value{};
  bool reloadable = false;
  bool is_pending = false;  // the file says something else, which takes effect at the next restart
  std::string pending{};    // what it says; empty: the setting is not set there
};
struct ConfigShown {
  std::string file{};
  std::vector<Setting> settings{};
};

// A listener (or several that share a token) in a sender's registry.
struct Railgun {
  std::string name{};
  RailgunStatus status = RailgunStatus::kWaiting;
  bool enabled = true;
  std::vector<std::string> hosts{};
  std::uint32_t uses_left = 0;
  std::int64_t created = 0, expires = 0, activated = 0;  // seconds since 1970; 0: never
  std::int64_t deactivated = 0;                          // when its last listener was deactivated (SIGQUIT)
  std::vector<std::string> addresses{};                  // host:port reported at activation
  std::vector<std::string> serials{};                    // of its certificates that are not revoked, hex
};
struct Railguns {
  std::vector<Railgun> railguns{};
};

struct CreatedRailgun {
  Railgun railgun{};
  std::string token{};  // shown once
};

struct Purged {
  std::uint64_t pages = 0;
};

// What an activation led to.
struct Activated {
  std::string name{};
  std::string sender{};  // host:port
  std::int64_t certificate_expires = 0;
};

// Of the results above: Status, Reloaded, ConfigShown, Railgun, Railguns, CreatedRailgun, Purged, Activated.
template <typename T>
std::string to_json(const T& value);
// Unknown fields are passed over, missing ones keep their defaults. Errors: kMalformed, naming the field.
template <typename T>
Result<T> from_json(std::string_view json);

}  // namespace railgun::control
