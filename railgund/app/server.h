// What the daemon serves with: settings, page cache, store, workers and their listening sockets. Runs on the main loop;
// app::Lifecycle starts and ends it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "railgund/activation/daemon.h"
#include "railgund/app/memory_watch.h"
#include "railgund/app/trust.h"
#include "railgund/app/worker.h"
#include "railgund/config/config.h"
#include "railgund/config/render.h"
#include "railgund/log/log.h"
#include "railgund/memcached/client.h"
#include "railgund/net/acceptor.h"
#include "railgund/net/descriptor_budget.h"
#include "railgund/net/event_loop.h"
#include "railgund/page/cache.h"
#include "railgund/statistics/source.h"

namespace railgun::app {

struct ServerOptions {
  std::string config_path;
  std::optional<config::Role> role;     // whatever the file says
  bool logs_to_standard_error = false;  // whatever syslog.addr says
};

// What a reload did.
struct ReloadReport {
  std::vector<config::ChangedSetting> changed;  // those that need a restart are not in force, and are listed each time
  std::vector<std::string> warnings;
};

class Server final : public statistics::Source, public activation::Daemon {
 public:
  // Binds the sockets and starts the workers. Errors: what could not be had, and the setting to change.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, config::ConfigPtr config);
  ~Server() override;

  // Reads the settings again and opens the log files again. Errors: what is wrong with the settings; nothing has
  // changed then.
  Result<ReloadReport> reload();
  // log.level, until the next reload.
  void set_log_level(int level);
  // Starts and stops accepting connections. Starts out accepting.
  void set_accepting(bool on);
  // For a successor.
  std::vector<int> listening_descriptors() const;
  // Closes the listening sockets; requests in progress go on. `grace`: how long peers and clients may take to learn of
  // it (proxy/sender.h, proxy/listener.h).
  void drain(Duration grace);
  // All requests have ended and all bytes have been sent.
  bool is_drained() const;

  const config::ConfigPtr& config() const { return config_; }
  config::ConfigPtr settings() const override { return config_; }
  // The settings as last read from the file, with those that wait for a restart.
  const config::Config& read_config() const { return read_config_; }
  const std::string& config_path() const { return options_.config_path; }
  page::Cache& cache() { return cache_; }
  // Null without memcached.
  memcached::Client* store();
  net::EventLoop& loop() { return loop_; }
  const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }
  const Trust& trust() const { return *trust_; }
  const std::string& build() const { return build_; }
  Instant started_at() const override { return started_; }
  Instant taking_over_until() const override { return taking_over_until_; }

  std::vector<const proxy::Counters*> worker_counters() const override;
  page::CacheCounters cache_counters() const override { return cache_.counters(); }
  statistics::MemoryState memory_state() const override { return memory_.state(); }
  dictionary::ShelfCounts shelf_counts() const override { return shelf_.counts(); }
  dictionary::LedgerCounts ledger_counts() const override { return shelf_.ledger().counts(); }
  std::optional<memcached::Counters> store_counters() const override;
  std::uint64_t dropped_access_lines() const override { return access_log_.dropped(); }
  void links(std::function<void(std::vector<proxy::LinkStatus>)> done) override;

  Result<void> reload_trust() override;
  Result<void> set_registered(std::vector<config::Site> sites, std::set<std::string> revoked_serials) override;
  void cut_links(const std::string& peer) override;

 private:
  Server(ServerOptions options, config::ConfigPtr config);

  config::ConfigPtr with_registered(config::Config config) const;
  Result<TrustPtr> trust_for(const config::Config& config) const;
  Result<void> open_sockets();
  Result<void> start_workers();
  void start_store();
  void open_access_log();
  void reopen_logs();
  Worker& next_worker() { return *workers_[next_worker_++ % workers_.size()]; }
  proxy::Admission admission(const net::SocketAddress& client) const;
  void shortage_changed();

  ServerOptions options_;
  config::ConfigPtr config_;
  config::Config file_config_;  // config_ without what is registered
  config::Config read_config_;
  std::vector<config::Site> registered_;
  std::set<std::string> revoked_;
  TrustPtr trust_;
  Bytes ticket_secret_;  // without tls.ticket_file
  std::string build_;
  Bytes reference_key_;
  net::EventLoop loop_;
  Instant started_;
  Instant taking_over_until_;
  std::size_t memory_limit_bytes_;  // memory.limit as applied
  page::Cache cache_;
  dictionary::Shelf shelf_;
  std::unique_ptr<memcached::Client> store_;
  Preparer preparer_{cache_};
  net::DescriptorBudget descriptors_;
  AccessLog access_log_;
  ClientCounts client_counts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_worker_ = 0;
  log::RateLimit strangers_{{.burst = 1, .interval = std::chrono::seconds(10)}};
  log::RateLimit pauses_{{.burst = 1, .interval = std::chrono::seconds(10)}};
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  bool is_accepting_ = true;  // unless there is a shortage of memory
  MemoryWatch memory_{loop_, cache_, *config_, memory_limit_bytes_, [this] { shortage_changed(); }};
};

}  // namespace railgun::app
