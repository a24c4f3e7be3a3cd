#include "railgunctl/check/doctor.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "railgunctl/check/check_daemon.h"
#include "railgunctl/check/check_machine.h"
#include "railgunctl/check/check_network.h"
#include "railgunctl/check/machine_facts.h"
#include "railgunctl/check/network_facts.h"
#include "railgunctl/client.h"
#include "railgund/base/field.h"
#include "railgund/config/state_files.h"
#include "railgund/net/clock.h"
#include "railgund/tls/certificate_folder.h"

namespace railgun::ctl {
namespace {

// The time in an answer's Date (RFC 9110 5.6.7; its one form that may still be sent).
std::optional<WallTime> date_of(const Fetched& answer) {
  std::tm parts{};
  const std::string text(field_value(answer.fields, "Date"));
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

class Doctor {
 public:
  Doctor(const Context& context, const CheckOptions& options)
      : context_(context),
        options_(options),
        loaded_(config::load_config(context.config)),
        status_(ask_status(context, options.timeout)) {
    if (loaded_) config_ = loaded_->config;
  }

  Findings run() {
    add(judge_config(context_.config, loaded_));
    add(judge_daemon(status_, RAILGUN_VERSION));
    if (status_) add(judge_links(*status_));
    if (loaded_) {
      own_ = own_identity(config_);
      origins_ = origin_facts(config_, hosts(), daemon_pid(), deadline());
    }
    clock();
    if (loaded_) {
      certificates();
      ports();
      peers();
      origins();
      add(judge_memcached(memcached_facts(config_, deadline())));
    }
    add(judge_kernel(kernel_facts(config_)));
    if (loaded_) {
      add(judge_limits(limit_facts(config_, daemon_pid())));
      add(judge_files(file_facts(config_, context_.config)));
      add(judge_disks(disk_facts(config_)));
    }
    return std::move(findings_);
  }

 private:
  void add(Findings findings) {
    findings_.insert(findings_.end(), std::make_move_iterator(findings.begin()),
                     std::make_move_iterator(findings.end()));
  }
  Instant deadline() const { return net::steady_now() + options_.timeout; }
  bool is_sender() const { return config_.role == config::Role::kSender; }
  long daemon_pid() const { return status_ ? static_cast<long>(status_->pid) : 0; }
  bool daemon_runs() const { return status_ || status_.error().exit_code == ExitCode::kDenied; }

  std::vector<std::string> hosts() const {
    std::vector<std::string> hosts = options_.hosts;
    if (!own_.certificate) return hosts;
    for (const std::string& name : own_.certificate->dns_names) {
      if (std::find(hosts.begin(), hosts.end(), name) == hosts.end()) hosts.push_back(name);
    }
    return hosts;
  }

  void clock() {
    ClockFacts facts = clock_facts();
    facts.certificate = own_.certificate;
    for (const OriginFacts& origin : origins_) {
      if (const auto date = date_of(origin.answer))
        facts.others.push_back({"the web server " + to_string(origin.target.endpoint), *date});
    }
    add(judge_clock(facts));
  }

  void certificates() {
    add(judge_certificates({.role = config_.role,
                            .wan_tls = config_.wan_tls,
                            .is_set = config::identity_files(config_).are_set,
                            .now = net::wall_now(),
                            .certificate = own_.certificate,
                            .authority = own_.authority,
                            .error = own_.error}));
    if (is_sender() && !config_.listen_tls.empty())
      add(judge_visitor_certificates(tls::load_certificate_folder(config_.tls_directory), net::wall_now()));
  }

  void ports() {
    if (!is_sender() || config_.wan_accept)
      add(judge_own_port(own_port_facts(config_, daemon_runs(), deadline()), net::wall_now()));
    add(judge_local_ports(local_port_facts(config_, deadline()), daemon_runs()));
  }

  // Listeners that activation registered are in the daemon's status alone.
  std::vector<Endpoint> listeners() const {
    std::set<Endpoint> endpoints;
    for (const config::Site& site : config_.sites) endpoints.insert(site.listeners.begin(), site.listeners.end());
    if (status_) {
      for (const control::SiteInfo& site : status_->sites) {
        for (const std::string& listener : site.listeners) {
          if (const auto endpoint = parse_endpoint(listener, 0)) endpoints.insert(*endpoint);
        }
      }
    }
    return {endpoints.begin(), endpoints.end()};
  }

  void peers() {
    if (!config_.wan_tls) return;
    if (is_sender()) add(judge_peers("listener", peer_facts(listeners(), own_, deadline()), net::wall_now()));
    add(judge_peers("sender", peer_facts(config_.wan_dial, own_, deadline()), net::wall_now()));
  }

  // To the nearest sender.
  std::optional<Duration> link_round_trip() const {
    std::optional<Duration> least;
    if (!status_) return least;
    for (const control::LinkInfo& link : status_->links) {
      const auto time = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(link.round_trip_seconds));
      if (link.state == control::LinkState::kUp && time > Duration{} && (!least || time < *least)) least = time;
    }
    return least;
  }

  void origins() {
    add(judge_origins(origins_));
    if (is_sender()) return;
    if (origins_.empty()) {
      add({unknown("origin", "this machine does not know which hosts the listener serves",
                   "name one: railgunctl check --host www.example.com")});
      return;
    }
    add(judge_place(origins_, link_round_trip()));
  }

  const Context& context_;
  const CheckOptions& options_;
  Result<config::ParsedConfig> loaded_;
  config::Config config_{};  // the defaults if the file cannot be had
  StatusAnswer status_;
  OwnIdentity own_{};
  std::vector<OriginFacts> origins_{};
  Findings findings_{};
};

}  // namespace

Findings check_all(const Context& context, const CheckOptions& options) { return Doctor(context, options).run(); }

}  // namespace railgun::ctl
