#include "railgund/app/operations.h"

#include <chrono>

#include <sys/resource.h>
#include <unistd.h>

#include "railgund/activation/listener.h"
#include "railgund/activation/sender.h"
#include "railgund/app/debug_crash.h"
#include "railgund/app/lifecycle.h"
#include "railgund/app/memory.h"
#include "railgund/app/server.h"
#include "railgund/base/file.h"
#include "railgund/config/state_files.h"
#include "railgund/http/target.h"
#include "railgund/log/log.h"
#include "railgund/net/clock.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/peers.h"
#include "railgund/statistics/json.h"
#include "railgund/statistics/problems.h"
#include "railgund/statistics/service.h"
#include "railgund/tls/certificate.h"
#include "railgund/tls/lifetime.h"

namespace railgun::app {
namespace {

using control::Command;
using control::LinkState;
using proxy::Counters;
using statistics::ProblemFacts;
using statistics::Totals;
using Reply = ControlServer::Reply;

constexpr Duration kRetry = std::chrono::seconds(1);
// While another process still holds the socket and is about to leave it.
constexpr Duration kTakeOverRetry = std::chrono::milliseconds(50);
constexpr std::size_t kMaxFileBytes = 1 << 20;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// Empty if it cannot be read.
std::string text_of_file(const std::string& path) { return read_start_of_file(path, kMaxFileBytes).value_or(""); }

control::LinkInfo link_info(const proxy::LinkStatus& link) {
  return {.peer = link.peer,
          .hosts = link.hosts,
          .state = !link.up          ? LinkState::kConnecting
                   : link.going_away ? LinkState::kDraining
                                     : LinkState::kUp,
          .dialed = link.dialed,
          .age_seconds = seconds(link.age),
          .round_trip_seconds = link.round_trip ? seconds(*link.round_trip) : 0,
          .streams = link.streams,
          .bytes_in = link.bytes_received,
          .bytes_out = link.bytes_sent,
          .tls_group = link.tls_group};
}

control::SiteInfo site_info(const config::Site& site, const std::vector<control::LinkInfo>& links) {
  control::SiteInfo info{.host = site.host};
  for (const Endpoint& endpoint : site.listeners) info.listeners.push_back(to_string(endpoint));
  if (site.origin) info.origin = (site.origin->secure ? "https://" : "http://") + to_string(site.origin->endpoint);
  for (const control::LinkInfo& link : links) {
    const bool named = std::find(info.listeners.begin(), info.listeners.end(), link.peer) != info.listeners.end();
    if (link.state == LinkState::kUp && (named || !link.dialed) && proxy::allows(link.hosts, site.host))
      ++info.links_up;
  }
  return info;
}

// What was counted for hosts, with the site that serves each; what the table of hosts had no room for, with "default".
void add_site_traffic(std::vector<control::SiteInfo>& sites, const config::Config& config, const Totals& totals) {
  for (const auto& [host, counted] : totals.sites) {
    const config::Site* site = config::find_site(config, host);
    if (site == nullptr) continue;
    const auto at = static_cast<std::size_t>(site - config.sites.data());
    sites[at].requests += counted.requests;
    sites[at].delta += counted.delta;
    sites[at].direct += counted.direct;
    sites[at].errors += counted.failed;
    sites[at].page_bytes += counted.page_bytes;
    sites[at].link_bytes += counted.coded_bytes;
  }
}

ProblemFacts problem_facts(const config::Config& config, const Totals& totals, const std::string& post_failure,
                           const statistics::MemoryState& memory) {
  ProblemFacts facts{.now = net::wall_now(),
                     .origin_failures = totals[&Counters::origin_failures],
                     .origin_requests = totals.is_sender ? 0 : totals[&Counters::requests_started],
                     .origin_refused = totals[&Counters::origin_refused],
                     .forwarding_ignored = totals[&Counters::forwarding_ignored],
                     .handshakes_open = totals[&Counters::handshakes_open],
                     .handshakes_limit = config.link_handshakes,
                     .descriptors_refused = totals[&Counters::descriptors_refused],
                     .clients_limit = totals.is_sender ? config.clients_limit : 0,
                     .clients_rejected = totals[&Counters::clients_rejected],
                     .post_failure = post_failure,
                     .overload = memory.overload};
  if (config.wan_tls) {
    const auto found = tls::certificate_facts(text_of_file(
        config.cert_file.empty() ? config::state_file(config, config::kCertificateFile) : config.cert_file));
    facts.has_certificate = found.has_value();
    if (found) facts.certificate_until = found->not_after;
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.file_limit = limit.rlim_cur;
  facts.slow_start_after_idle = text_of_file("/proc/sys/net/ipv4/tcp_slow_start_after_idle").starts_with('1');
  return facts;
}

control::CertificateInfo certificate_info(const VisitorCertificate& certificate, WallTime now) {
  const tls::CertificateFacts& facts = certificate.facts;
  return {.file = certificate.file,
          .names = facts.dns_names,
          .key_type = facts.key_type,
          .expires = facts.not_after.time_since_epoch().count(),
          .days_left = tls::days_left(facts, now)};
}

control::Traffic traffic_of(const Totals& totals) {
  return {.requests = totals[&Counters::requests_started],
          .delta = totals[&Counters::answers_delta],
          .full = totals[&Counters::answers_full],
          .stream = totals[&Counters::answers_stream],
          .direct = totals[&Counters::answers_direct],
          .errors = totals[&Counters::requests_failed],
          .page_bytes = totals[&Counters::page_bytes],
          .link_bytes = totals[&Counters::coded_bytes],
          .client_identity_bytes = totals[&Counters::client_bytes_identity],
          .client_gzip_bytes = totals[&Counters::client_bytes_gzip],
          .client_br_bytes = totals[&Counters::client_bytes_br],
          .client_zstd_bytes = totals[&Counters::client_bytes_zstd],
          .client_dcz_bytes = totals[&Counters::client_bytes_dcz],
          .client_page_bytes = totals[&Counters::client_page_bytes]};
}

}  // namespace

struct Operations::State {
  State(Server& the_server, Lifecycle& the_lifecycle, std::string panic)
      : server(the_server),
        lifecycle(the_lifecycle),
        last_panic(std::move(panic)),
        retry(the_server.loop(), [this] { open_control(); }),
        statistics(the_server.loop(), the_server) {
    if (server.config()->role == config::Role::kSender) {
      sender = std::make_unique<activation::Sender>(server.loop(), server);
    } else {
      listener = std::make_unique<activation::Listener>(server.loop(), server);
    }
    // Not at once: the command to drain may come from a connection of the control socket.
    lifecycle.on_drain([this] { server.loop().post([this] { release_endpoints(); }); });
    lifecycle.on_quit(
        [this](std::function<void()> done) { listener ? listener->deactivate(std::move(done)) : done(); });
    lifecycle.carry([this] { return statistics.carried(); },
                    [this](const std::string& carried) { statistics.take_over(carried); });
    open_control();
  }
  ~State() {
    lifecycle.carry({}, {});
    lifecycle.on_drain({});
    lifecycle.on_quit({});
  }

  // This process is ending, so a successor owns the registry, the control socket and the statistics endpoint.
  void release_endpoints() {
    if (sender) sender->retire();
    if (!lifecycle.has_successor()) return;
    control.reset();
    retry.cancel();
    statistics.release_endpoints();
  }

  void open_control() {
    const config::Config& config = *server.config();
    if (config.control_socket.empty()) return;
    auto opened =
        ControlServer::open(server.loop(), config.control_socket, config.control_group,
                            [this](const control::Request& request, const Reply& reply) { handle(request, reply); });
    if (opened) {
      control = std::move(*opened);
      return;
    }
    // After an upgrade the previous process still answers there until it drains.
    const Instant now = server.loop().now();
    if (now < server.taking_over_until()) return retry.set(now + kTakeOverRetry);
    if (!open_failure_logged) log::error("control.socket: " + opened.error().text + "; trying again every second");
    open_failure_logged = true;
    retry.set(now + kRetry);
  }

  void handle(const control::Request& request, const Reply& reply) {
    switch (request.command) {
      case Command::kStatus:
        return status(reply);
      case Command::kStats:
        return statistics.gather([reply](const Totals& totals) { reply(statistics::to_json(totals)); });
      case Command::kConfig:
        return reply(show_config());
      case Command::kReload:
        return reply(reload());
      case Command::kLogLevel:
        return reply(set_log_level(request.arguments.level));
      case Command::kDrain:
        return drain(reply);
      case Command::kPurge:
        return reply(purge(request.arguments));
      case Command::kCrash:
        return crash(request.arguments.name, reply);
      case Command::kActivate:
        return activate(request.arguments, reply);
      case Command::kRailgunCreate:
      case Command::kRailgunList:
      case Command::kRailgunShow:
      case Command::kRailgunEnable:
      case Command::kRailgunDisable:
      case Command::kRailgunDelete:
        return reply(railgun(request));
    }
  }

  control::StoreInfo store_info() {
    const auto counters = server.store_counters();
    if (!counters) return {};
    const auto state = [](bool is_down) { return is_down ? control::StoreState::kDown : control::StoreState::kUp; };
    control::StoreInfo info{.kind = control::StoreKind::kMemcached,
                            .state = state(counters->is_open),
                            .hits = counters->hits,
                            .misses = counters->misses,
                            .errors = counters->timeouts + counters->failures};
    for (const memcached::ServerCounters& each : server.store()->servers()) {
      info.servers.push_back({.address = each.name,
                              .state = state(each.is_down),
                              .hits = each.hits,
                              .misses = each.misses,
                              .stored = each.stored,
                              .too_large = each.too_large,
                              .errors = each.errors,
                              .refused = each.refused});
    }
    return info;
  }

  // The links are asked of the workers, so the answer comes later.
  void status(const Reply& reply) {
    server.links(
        [this, reply](const std::vector<proxy::LinkStatus>& links) { reply(control::to_json(make_status(links))); });
  }

  control::Status make_status(const std::vector<proxy::LinkStatus>& links) {
    const config::Config& config = *server.config();
    const Totals sum = statistics.totals();
    control::Status status{
        .role = sum.is_sender ? control::Role::kSender : control::Role::kListener,
        .version = RAILGUN_VERSION,
        .build = server.build(),
        .pid = ::getpid(),
        .uptime_seconds = sum.uptime_seconds,
        .state = lifecycle.is_draining() ? control::DaemonState::kDraining : control::DaemonState::kRunning,
        .config_file = server.config_path(),
        .workers = static_cast<std::uint32_t>(server.workers().size()),
        .clients = sum[&Counters::clients_open],
        .traffic = traffic_of(sum),
        .memory = {.resident_bytes = sum[&statistics::MemoryUse::resident_bytes],
                   .references = sum[&page::CacheCounters::versions],
                   .reference_bytes = sum[&page::CacheCounters::bytes],
                   .reference_limit_bytes = sum[&statistics::MemoryUse::reference_limit_bytes]},
        .store = store_info(),
        .last_panic = last_panic};
    if (sum.is_sender) {
      for (const Endpoint& endpoint : config.listen) status.listening.push_back(to_string(endpoint));
      for (const Endpoint& endpoint : config.listen_tls) status.listening.push_back(to_string(endpoint) + " (TLS)");
    } else {
      status.listening.push_back(to_string(Endpoint{config.wan_ip.empty() ? "*" : config.wan_ip, config.wan_port}));
    }
    for (const proxy::LinkStatus& link : links) status.links.push_back(link_info(link));
    for (const config::Site& site : config.sites) status.sites.push_back(site_info(site, status.links));
    for (const VisitorCertificate& each : server.trust().certificates)
      status.certificates.push_back(certificate_info(each, net::wall_now()));
    add_site_traffic(status.sites, config, sum);
    ProblemFacts facts = problem_facts(config, sum, statistics.post_failure(), server.memory_state());
    facts.trust_warnings = server.trust().warnings;
    status.problems = statistics::find_problems(status, facts);
    return status;
  }

  std::string show_config() {
    control::ConfigShown shown{.file = server.config_path()};
    for (config::ShownSetting& setting : config::show_config(*server.config(), server.read_config())) {
      if (setting.value.empty() && !setting.pending) continue;
      shown.settings.push_back({.name = std::move(setting.key),
                                .value = std::move(setting.value),
                                .reloadable = !setting.needs_restart,
                                .is_pending = setting.pending.has_value(),
                                .pending = setting.pending.value_or("")});
    }
    return control::to_json(shown);
  }

  Result<std::string> reload() {
    const auto report = lifecycle.reload();
    if (!report) return std::unexpected(report.error());
    control::Reloaded reloaded;
    for (const config::ChangedSetting& changed : report->changed) {
      auto& list = changed.needs_restart ? reloaded.needs_restart : reloaded.changed;
      list.push_back(changed.key + ": " + changed.before + " -> " + changed.after);
    }
    return control::to_json(reloaded);
  }

  std::string set_log_level(int level) {
    server.set_log_level(level);
    log::notice("log.level is " + std::to_string(level) + " now, set by railgunctl");
    return "{}";
  }

  void drain(const Reply& reply) {
    reply("{}");
    lifecycle.drain();
  }

  Result<std::string> purge(const control::Arguments& arguments) {
    control::Purged purged;
    if (arguments.url.empty()) {
      purged.pages = server.cache().clear();
      return_free_memory();
      return control::to_json(purged);
    }
    auto target = http::split_target("GET", arguments.url);
    if (!target || !target->is_absolute) return fail(Errc::kInvalid, "purge: expected http://HOST/… or https://HOST/…");
    const http::Request asked{.method = "GET", .target = target->path, .host = target->host, .secure = target->secure};
    purged.pages = server.cache().purge(proxy::keys_of(asked, *server.config()).own);
    return control::to_json(purged);
  }

  Result<std::string> railgun(const control::Request& request) {
    if (!sender) return fail(Errc::kInvalid, "railguns are kept by senders; this is a listener");
    return sender->handle(request);
  }

  void activate(const control::Arguments& arguments, const Reply& reply) {
    if (!listener) return reply(fail(Errc::kInvalid, "listeners are activated; this is a sender"));
    listener->activate(arguments.token, arguments.host, [reply](const Result<control::Activated>& activated) {
      if (!activated) return reply(std::unexpected(activated.error()));
      reply(control::to_json(*activated));
    });
  }

  // On a worker, where the requests are.
  void crash(const std::string& how, const Reply& reply) {
    if (!server.config()->debug_commands) {
      return reply(fail(Errc::kDenied, "crash: the daemon was not started with debug.commands = 1"));
    }
    const auto work = crash_by_name(how);
    if (work == nullptr) return reply(fail(Errc::kInvalid, "crash: one of check, exception, segfault, overflow"));
    log::notice("crashing on purpose (" + how + "), by railgunctl");
    server.workers().front()->run(work);
  }

  Server& server;
  Lifecycle& lifecycle;
  std::string last_panic;
  std::unique_ptr<ControlServer> control;
  std::unique_ptr<activation::Sender> sender;      // null at a listener
  std::unique_ptr<activation::Listener> listener;  // null at a sender
  net::Timer retry;
  statistics::Service statistics;
  bool open_failure_logged = false;
};

Operations::Operations(Server& server, Lifecycle& lifecycle, std::string last_panic)
    : state_(std::make_unique<State>(server, lifecycle, std::move(last_panic))) {}
Operations::~Operations() = default;

}  // namespace railgun::app
