#include "railgund/control/status.h"

#include <array>

#include "railgund/control/json_fields.h"
#include "railgund/control/railgun_fields.h"

namespace railgun::control {

constexpr auto words_of(Role) {
  return std::to_array<Word<Role>>({{Role::kListener, "listener"}, {Role::kSender, "sender"}});
}
constexpr auto words_of(DaemonState) {
  return std::to_array<Word<DaemonState>>({{DaemonState::kRunning, "running"}, {DaemonState::kDraining, "draining"}});
}
constexpr auto words_of(LinkState) {
  return std::to_array<Word<LinkState>>(
      {{LinkState::kConnecting, "connecting"}, {LinkState::kUp, "up"}, {LinkState::kDraining, "draining"}});
}
constexpr auto words_of(StoreKind) {
  return std::to_array<Word<StoreKind>>({{StoreKind::kMemory, "memory"}, {StoreKind::kMemcached, "memcached"}});
}
constexpr auto words_of(StoreState) {
  return std::to_array<Word<StoreState>>({{StoreState::kUp, "up"}, {StoreState::kDown, "down"}});
}
constexpr auto words_of(Severity) {
  return std::to_array<Word<Severity>>({{Severity::kError, "error"}, {Severity::kWarning, "warning"}});
}

const char* name_of(Role role) { return word_of(role); }
const char* name_of(DaemonState state) { return word_of(state); }
const char* name_of(LinkState state) { return word_of(state); }
const char* name_of(StoreKind kind) { return word_of(kind); }
const char* name_of(StoreState state) { return word_of(state); }
const char* name_of(Severity severity) { return word_of(severity); }
const char* name_of(RailgunStatus status) { return word_of(status); }

void fields(auto& visit, Traffic& value) {
  visit("requests", value.requests);
  visit("delta", value.delta);
  visit("full", value.full);
  visit("stream", value.stream);
  visit("direct", value.direct);
  visit("errors", value.errors);
  visit("page_bytes", value.page_bytes);
  visit("link_bytes", value.link_bytes);
  visit("client_identity_bytes", value.client_identity_bytes);
  visit("client_gzip_bytes", value.client_gzip_bytes);
  visit("client_br_bytes", value.client_br_bytes);
  visit("client_zstd_bytes", value.client_zstd_bytes);
  visit("client_dcz_bytes", value.client_dcz_bytes);
  visit("client_page_bytes", value.client_page_bytes);
}

void fields(auto& visit, LinkInfo& value) {
  visit("peer", value.peer);
  visit("hosts", value.hosts);
  visit("state", value.state);
  visit("dialed", value.dialed);
  visit("age_seconds", value.age_seconds);
  visit("round_trip_seconds", value.round_trip_seconds);
  visit("streams", value.streams);
  visit("bytes_in", value.bytes_in);
  visit("bytes_out", value.bytes_out);
  visit("tls_group", value.tls_group);
}

void fields(auto& visit, SiteInfo& value) {
  visit("host", value.host);
  visit("listeners", value.listeners);
  visit("origin", value.origin);
  visit("links_up", value.links_up);
  visit("requests", value.requests);
  visit("delta", value.delta);
  visit("direct", value.direct);
  visit("errors", value.errors);
  visit("page_bytes", value.page_bytes);
  visit("link_bytes", value.link_bytes);
}

void fields(auto& visit, CertificateInfo& value) {
  visit("file", value.file);
  visit("names", value.names);
  visit("key_type", value.key_type);
  visit("expires", value.expires);
  visit("days_left", value.days_left);
}

void fields(auto& visit, Problem& value) {
  visit("severity", value.severity);
  visit("text", value.text);
  visit("advice", value.advice);
}

void fields(auto& visit, Memory& value) {
  visit("resident_bytes", value.resident_bytes);
  visit("references", value.references);
  visit("reference_bytes", value.reference_bytes);
  visit("reference_limit_bytes", value.reference_limit_bytes);
}

void fields(auto& visit, StoreServer& value) {
  visit("address", value.address);
  visit("state", value.state);
  visit("hits", value.hits);
  visit("misses", value.misses);
  visit("stored", value.stored);
  visit("too_large", value.too_large);
  visit("errors", value.errors);
  visit("refused", value.refused);
}

void fields(auto& visit, StoreInfo& value) {
  visit("kind", value.kind);
  visit("state", value.state);
  visit("hits", value.hits);
  visit("misses", value.misses);
  visit("errors", value.errors);
  visit("servers", value.servers);
}

void fields(auto& visit, Status& value) {
  visit("role", value.role);
  visit("version", value.version);
  visit("build", value.build);
  visit("pid", value.pid);
  visit("uptime_seconds", value.uptime_seconds);
  visit("state", value.state);
  visit("config_file", value.config_file);
  visit("workers", value.workers);
  visit("listening", value.listening);
  visit("clients", value.clients);
  visit("links", value.links);
  visit("sites", value.sites);
  visit("certificates", value.certificates);
  visit("traffic", value.traffic);
  visit("memory", value.memory);
  visit("store", value.store);
  visit("last_panic", value.last_panic);
  visit("problems", value.problems);
}

void fields(auto& visit, Reloaded& value) {
  visit("changed", value.changed);
  visit("needs_restart", value.needs_restart);
}

void fields(auto& visit, Setting& value) {
  visit("name", value.name);
  visit("value", value.value);
  visit("reloadable", value.reloadable);
  visit("is_pending", value.is_pending);
  visit("pending", value.pending);
}

void fields(auto& visit, ConfigShown& value) {
  visit("file", value.file);
  visit("settings", value.settings);
}

void fields(auto& visit, Railguns& value) { visit("railguns", value.railguns); }

void fields(auto& visit, CreatedRailgun& value) {
  visit("railgun", value.railgun);
  visit("token", value.token);
}

void fields(auto& visit, Purged& value) { visit("pages", value.pages); }

void fields(auto& visit, Activated& value) {
  visit("name", value.name);
  visit("sender", value.sender);
  visit("certificate_expires", value.certificate_expires);
}

template <typename T>
std::string to_json(const T& value) {
  return write_json(value);
}

template <typename T>
Result<T> from_json(std::string_view json) {
  return read_json<T>(json);
}

template std::string to_json(const Status& value);
template Result<Status> from_json(std::string_view json);
template std::string to_json(const Reloaded& value);
template Result<Reloaded> from_json(std::string_view json);
template std::string to_json(const ConfigShown& value);
template Result<ConfigShown> from_json(std::string_view json);
template std::string to_json(const Railgun& value);
template Result<Railgun> from_json(std::string_view json);
template std::string to_json(const Railguns& value);
template Result<Railguns> from_json(std::string_view json);
template std::string to_json(const CreatedRailgun& value);
template Result<CreatedRailgun> from_json(std::string_view json);
template std::string to_json(const Purged& value);
template Result<Purged> from_json(std::string_view json);
template std::string to_json(const Activated& value);
template Result<Activated> from_json(std::string_view json);

}  // namespace railgun::control
