#include "railgund/app/server.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

#include <sys/resource.h>

#include "railgund/app/inheritance.h"
#include "railgund/app/reference_key.h"
#include "railgund/base/hash.h"
#include "railgund/base/text.h"
#include "railgund/config/parser.h"
#include "railgund/config/reload.h"
#include "railgund/config/value.h"
#include "railgund/log/log.h"
#include "railgund/log/panic.h"
#include "railgund/net/clock.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/tls/random.h"
#include "railgund/tls/ticket_keys.h"

namespace railgun::app {
namespace {

// A Unix socket for web clients is open to every user of the machine, as a port on its loopback address is; whoever wants
// less puts it into a folder with less.
constexpr unsigned kWebSocketMode = 0666;

// What a client on a Unix socket counts as.
net::SocketAddress this_machine() { return net::SocketAddress::parse("127.0.0.1", 0).value_or(net::SocketAddress()); }

// A successor serves after ten seconds at the latest (app/lifecycle.cc), and its predecessor leaves its endpoints then.
constexpr Duration kTakingOver = std::chrono::seconds(15);

// Four hex digits that stand for this program in Cf-Railgun.
std::string build_digits() { return to_hex(ByteView(hash128(as_bytes(RAILGUN_VERSION)).bytes)).substr(0, 4); }

unsigned worker_count(const config::Config& config) {
  return config.workers > 0 ? config.workers : std::max(1U, std::thread::hardware_concurrency());
}

memcached::Servers store_servers(const config::Config& config) {
  return {.endpoints = config.memcached_servers,
          .socket = config.memcached_socket,
          .timeout = config.memcached_timeout,
          .expiration = config.memcached_expiration,
          .item_limit_bytes = config.memcached_limit_bytes,
          .replicas = config.memcached_replicas};
}

bool wants_store(const config::Config& config) {
  return !config.memcached_servers.empty() || !config.memcached_socket.empty();
}

std::size_t file_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : 1'000'000;
}

// Ten thousand clients need more descriptors than a shell usually allows.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Of keys under which texts are named: in a worker's cache of compressed segments (coding/gzip_encoder.h), and where
// dictionaries are made (dictionary/shelf.h).
constexpr std::size_t kSecretBytes = 32;

dictionary::Shelf::Limits shelf_limits(const config::Config& config) {
  return {.bytes = config.browser_memory_bytes,
          .share_among = config.browser_share_among,
          .page_bytes = config.browser_pages_memory_bytes};
}

}  // namespace

Server::Server(ServerOptions options, config::ConfigPtr config)
    : options_(std::move(options)),
      config_(std::move(config)),
      file_config_(*config_),
      read_config_(*config_),
      ticket_secret_(to_bytes(tls::random_bytes<tls::kTicketSecretBytes>())),
      build_(build_digits()),
      started_(loop_.now()),
      taking_over_until_(started_ + (is_successor() ? kTakingOver : Duration::zero())),
      memory_limit_bytes_(applied_memory_limit(*config_)),
      cache_(cache_limits(*config_, memory_limit_bytes_)),
      shelf_(shelf_limits(*config_), tls::random_bytes<kSecretBytes>()),
      descriptors_(
          net::DescriptorBudget::shares(file_limit(), worker_count(*config_), config_->role == config::Role::kSender)) {
  // Above those of any process before, which inserted less than one a microsecond.
  cache_.number_from(net::wall_microseconds());
}

Server::~Server() {
  acceptors_.clear();
  // The store's threads post to the workers' loops, and the workers call the store: nobody calls once it is gone, as
  // its last answers are given while the loops still stand.
  for (const auto& worker : workers_) worker->stop();
  store_.reset();
  workers_.clear();
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, config::ConfigPtr config) {
  raise_file_limit();
  std::unique_ptr<Server> server(new Server(std::move(options), std::move(config)));
  if (auto loaded = server->reload_trust(); !loaded) return std::unexpected(loaded.error());
  server->open_access_log();
  if (auto opened = server->open_sockets(); !opened) return std::unexpected(opened.error());
  if (auto started = server->start_workers(); !started) return std::unexpected(started.error());
  server->memory_.start();
  return server;
}

Result<void> Server::reload_trust() {
  auto trust = trust_for(*config_);
  if (!trust) return std::unexpected(trust.error());
  for (const std::string& warning : (*trust)->warnings) log::error(warning);
  trust_ = std::move(*trust);
  for (const auto& worker : workers_) worker->configure(config_, trust_, store());
  return {};
}

Result<TrustPtr> Server::trust_for(const config::Config& config) const {
  auto trust = load_trust(config, ticket_secret_);
  if (!trust || revoked_.empty()) return trust;
  auto with_revoked = std::make_shared<Trust>(**trust);
  with_revoked->revoked = revoked_;
  return with_revoked;
}

// The sites of the settings file, and the registered ones: those of a host that the file names, too, add listeners.
config::ConfigPtr Server::with_registered(config::Config config) const {
  for (const config::Site& added : registered_) {
    const auto known = std::find_if(config.sites.begin(), config.sites.end(),
                                    [&](const config::Site& site) { return site.host == added.host; });
    if (known == config.sites.end()) {
      config.sites.push_back(added);
      continue;
    }
    for (const Endpoint& listener : added.listeners) {
      auto& listeners = known->listeners;
      if (std::find(listeners.begin(), listeners.end(), listener) == listeners.end()) listeners.push_back(listener);
    }
  }
  return std::make_shared<const config::Config>(std::move(config));
}

Result<void> Server::set_registered(std::vector<config::Site> sites, std::set<std::string> revoked_serials) {
  registered_ = std::move(sites);
  revoked_ = std::move(revoked_serials);
  config_ = with_registered(file_config_);
  return reload_trust();
}

Result<void> Server::open_sockets() {
  // Copied to the acceptor.
  struct ListeningSocket {
    std::string setting;
    Endpoint endpoint;
    proxy::ConnectionKind kind;
    bool is_tls_client = false;
  };
  std::vector<ListeningSocket> sockets;
  const bool is_sender = config_->role == config::Role::kSender;
  if (is_sender) {
    for (const Endpoint& endpoint : config_->listen)
      sockets.push_back({"listen", endpoint, proxy::ConnectionKind::kClient});
    for (const Endpoint& endpoint : config_->listen_tls)
      sockets.push_back({"listen.tls", endpoint, proxy::ConnectionKind::kClient, true});
  }
  if (!is_sender || config_->wan_accept) {
    sockets.push_back({"wan.ip and wan.port", {config_->wan_ip, config_->wan_port}, proxy::ConnectionKind::kLink});
  }
  std::vector<Endpoint> endpoints;
  for (const ListeningSocket& want : sockets) endpoints.push_back(want.endpoint);
  Inheritance inherited = Inheritance::take();
  for (const ListeningSocket& want : sockets) {
    net::Descriptor socket = inherited.take_listening(want.endpoint);
    if (!socket) {
      net::ListenOptions options;
      options.ipv6_only = net::leaves_ipv4(want.endpoint, endpoints);
      auto bound = is_unix_socket(want.endpoint) ? net::listen_unix(want.endpoint.host, kWebSocketMode, options.backlog)
                                                 : net::listen_tcp(want.endpoint, options);
      if (!bound)
        return fail(bound.error().code, want.setting + " (" + to_string(want.endpoint) + "): " + bound.error().text);
      socket = std::move(*bound);
    }
    acceptors_.push_back(std::make_unique<net::Acceptor>(
        loop_, std::move(socket),
        [this, want](net::Descriptor accepted, const net::SocketAddress& from) {
          const proxy::ConnectionKind kind = want.kind;
          const bool is_local = is_unix_socket(want.endpoint);
          const net::SocketAddress peer = is_local ? this_machine() : from;
          // A client gets status 503 for what it asks.
          if (kind == proxy::ConnectionKind::kLink && cache_.shortage() == page::Shortage::kServeNothing) return;
          std::optional<AcceptedClient> client;
          if (kind == proxy::ConnectionKind::kClient) {
            const bool is_proxied = std::ranges::find(config_->listen_proxy_protocol, want.endpoint) !=
                                    config_->listen_proxy_protocol.end();
            if (is_proxied && !proxy::is_trusted_proxy(peer.host(), config_->trusted_proxies)) {
              strangers_.write(
                  log::kError,
                  "connection from " + to_string(peer) + " to " + to_string(want.endpoint) +
                      " refused: listen.proxy_protocol names it, and only trusted.proxies may connect there",
                  loop_.now());
              return;
            }
            const proxy::Admission admitted = admission(peer);
            client.emplace(
                AcceptedClient{client_counts_.enter(peer), admitted, want.is_tls_client, is_proxied, is_local});
          }
          next_worker().accept(kind, std::move(accepted), peer, std::move(client));
        },
        [this](const Error& error) { pauses_.write(log::kError, "accepting paused: " + error.text, loop_.now()); }));
    const bool is_unix = is_unix_socket(want.endpoint);
    log::notice("listening on " + (is_unix ? to_string(want.endpoint) : to_string(acceptors_.back()->local())) +
                (want.kind == proxy::ConnectionKind::kLink ? " for links"
                 : want.is_tls_client                      ? " for clients over TLS"
                                                           : " for clients"));
  }
  return {};
}

proxy::Admission Server::admission(const net::SocketAddress& client) const {
  const bool is_proxy =
      is_loopback(client) || std::ranges::any_of(config_->trusted_proxies, [&](const std::string& network) {
        return config::is_in_network(client.host(), network);
      });
  if (!is_proxy && client_counts_.of_network(client) >= config_->clients_per_address)
    return proxy::Admission::kPerAddress;
  return client_counts_.total() >= config_->clients_limit ? proxy::Admission::kClientsLimit : proxy::Admission::kFree;
}

Result<void> Server::start_workers() {
  if (config_->role == config::Role::kListener) {
    auto key = load_reference_key(*config_);
    if (!key) return std::unexpected(key.error());
    if (!key->warning.empty()) log::information(key->warning);
    reference_key_ = std::move(key->key);
  }
  if (wants_store(*config_)) start_store();
  std::random_device random;
  // Connections are dealt to the workers in turn.
  const std::size_t workers = worker_count(*config_);
  const std::size_t most =
      std::min(config_->link_handshakes, descriptors_.share(net::DescriptorBudget::Kind::kNewcomer));
  const auto part = [workers](std::size_t whole) { return std::max<std::size_t>(whole / workers, 2); };
  const std::uint64_t of_this_process = static_cast<std::uint64_t>(random()) << proxy::Sender::kProcessShift;
  for (unsigned i = 0; i < worker_count(*config_); ++i) {
    // Requests of one worker and process have numbers of their own.
    const std::uint64_t first = of_this_process ^ static_cast<std::uint64_t>(i) << 30;
    workers_.push_back(
        std::make_unique<Worker>(WorkerSettings{.config = config_,
                                                .trust = trust_,
                                                .cache = cache_,
                                                .shelf = shelf_,
                                                .store = store(),
                                                .preparer = preparer_,
                                                .reference_key = reference_key_,
                                                .build = build_,
                                                .first_request = first,
                                                .compression_key = to_bytes(tls::random_bytes<kSecretBytes>()),
                                                .descriptors = descriptors_,
                                                .access_log = access_log_,
                                                .link_handshakes = part(most),
                                                .tls_handshakes = part(config_->tls_handshakes)}));
  }
  return {};
}

void Server::start_store() {
  store_ =
      std::make_unique<memcached::Client>(memcached::Options{.servers = store_servers(*config_),
                                                             .threads = config_->memcached_threads,
                                                             .queue_items = config_->memcached_queue_items,
                                                             .queue_bytes = config_->memcached_queue_bytes},
                                          [](LogLevel level, const std::string& text) { log::write(level, text); });
}

memcached::Client* Server::store() { return wants_store(*config_) ? store_.get() : nullptr; }

void Server::shortage_changed() {
  set_accepting(is_accepting_);
  for (const auto& worker : workers_) worker->shortage_changed();
}

void Server::set_accepting(bool on) {
  is_accepting_ = on;
  for (const auto& acceptor : acceptors_) acceptor->set_accepting(on && memory_.is_accepting());
}

std::vector<int> Server::listening_descriptors() const {
  std::vector<int> listening;
  for (const auto& acceptor : acceptors_) listening.push_back(acceptor->descriptor());
  return listening;
}

Result<ReloadReport> Server::reload() {
  auto parsed = config::load_config(options_.config_path, options_.role);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->config.role != config_->role)
    return fail(Errc::kInvalid, options_.config_path + ": role: cannot change without a restart");
  auto merged = config::merge_reloadable(file_config_, parsed->config);
  if (!merged) return fail(merged.error().code, options_.config_path + ": " + merged.error().text);
  const config::ConfigPtr next = with_registered(*merged);
  auto trust = trust_for(*next);
  if (!trust) return std::unexpected(trust.error());

  ReloadReport report{config::diff_configs(file_config_, parsed->config), std::move(parsed->warnings)};
  for (const std::string& warning : (*trust)->warnings) {
    log::error(warning);
    report.warnings.push_back(warning);
  }
  config_ = next;
  file_config_ = std::move(*merged);
  read_config_ = std::move(parsed->config);
  trust_ = std::move(*trust);
  shelf_.set(shelf_limits(*config_));
  reopen_logs();
  if (wants_store(*config_)) {
    if (store_) {
      store_->reconfigure(store_servers(*config_));
    } else {
      start_store();
    }
  }
  for (const auto& worker : workers_) worker->configure(config_, trust_, store());
  for (const config::ChangedSetting& changed : report.changed) {
    log::information(changed.key + ": " + changed.before + " -> " + changed.after +
                     (changed.needs_restart ? " (needs a restart)" : ""));
  }
  return report;
}

void Server::set_log_level(int level) {
  file_config_.log_level = level;
  config_ = with_registered(file_config_);
  log::set_level(level);
  // The cores compose only the lines that their settings show.
  for (const auto& worker : workers_) worker->configure(config_, trust_, store());
}

void Server::open_access_log() {
  if (auto opened = access_log_.configure(*config_); !opened) log::error("access.log: " + opened.error().text);
}

// Where they cannot be opened, the old ones stay open.
void Server::reopen_logs() {
  const auto target = options_.logs_to_standard_error ? log::Target{} : log::target_of(config_->syslog_addr);
  if (auto opened = log::open(target, config_->log_level); !opened) {
    log::error(opened.error().text + "; the log stays where it was");
    log::set_level(config_->log_level);
  }
  open_access_log();
  if (auto reopened = log::reopen_panic_file(config_->stderr_file); !reopened) log::error(reopened.error().text);
}

void Server::drain(Duration grace) {
  acceptors_.clear();
  for (const auto& worker : workers_) worker->drain(grace);
}

bool Server::is_drained() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->is_drained(); });
}

std::vector<const proxy::Counters*> Server::worker_counters() const {
  std::vector<const proxy::Counters*> all;
  for (const auto& worker : workers_) all.push_back(&worker->counters());
  return all;
}

std::optional<memcached::Counters> Server::store_counters() const {
  return wants_store(*config_) && store_ ? std::optional(store_->counters()) : std::nullopt;
}

void Server::links(std::function<void(std::vector<proxy::LinkStatus>)> done) {
  struct Gathering {
    std::vector<proxy::LinkStatus> links;
    std::size_t missing;
  };
  auto gathering = std::make_shared<Gathering>(Gathering{{}, workers_.size()});
  auto shared_done = std::make_shared<decltype(done)>(std::move(done));
  for (const auto& worker : workers_) {
    worker->report_links([this, gathering, shared_done](std::vector<proxy::LinkStatus> links) {
      loop_.post([gathering, shared_done, links = std::move(links)] {
        gathering->links.insert(gathering->links.end(), links.begin(), links.end());
        if (--gathering->missing == 0) (*shared_done)(std::move(gathering->links));
      });
    });
  }
}

void Server::cut_links(const std::string& peer) {
  for (const auto& worker : workers_) worker->cut_links(peer);
}

}  // namespace railgun::app
