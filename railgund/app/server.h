// The daemon: settings, page cache, store, workers and the sockets they serve. Lives on the main thread's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "railgund/activation/daemon.h"
#include "railgund/app/trust.h"
#include "railgund/app/worker.h"
#include "railgund/config/config.h"
#include "railgund/config/render.h"
#include "railgund/memcached/client.h"
#include "railgund/net/acceptor.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/notify.h"
#include "railgund/page/cache.h"
#include "railgund/statistics/source.h"

namespace railgun::app {

struct ServerOptions {
  std::string config_path;
  std::optional<config::Role> role;     // whatever the file says
  std::vector<std::string> arguments;   // of this process, its program first as an absolute path: for an upgrade
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

  // Serves until a signal or stop() ends it. Gives the exit status.
  int run();

  // Reads the settings again and opens the log files again. Errors: what is wrong with the settings; nothing has
  // changed then.
  Result<ReloadReport> reload();
  // No new requests; run() returns when the last has ended or drain.timeout has passed.
  void drain();
  // Called when a drain begins.
  void on_drain(std::function<void()> work) { on_drain_ = std::move(work); }
  // Called at SIGQUIT, beside the drain. run() waits until it calls `done`.
  using DeactivateOnQuit = std::function<void(std::function<void()> done)>;
  void on_quit(DeactivateOnQuit work) { on_quit_ = std::move(work); }

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
  const std::string& build() const { return build_; }
  Instant started_at() const override { return started_; }
  bool is_draining() const { return draining_; }
  // A new process has been started in place of this one, and is there.
  bool has_successor() const;

  std::vector<const proxy::Counters*> worker_counters() const override;
  page::CacheCounters cache_counters() const override { return cache_.counters(); }
  std::optional<memcached::Counters> store_counters() const override;
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
  void reopen_logs();
  void watch_signals();
  void wait_for_links();
  void serve();
  void upgrade();
  void deactivate_on_quit();
  Worker& next_worker() { return *workers_[next_worker_++ % workers_.size()]; }
  void tick();
  void feed_watchdog();
  std::size_t open_clients() const;

  ServerOptions options_;
  config::ConfigPtr config_;
  config::Config file_config_;  // config_ without what is registered
  config::Config read_config_;
  std::vector<config::Site> registered_;
  std::set<std::string> revoked_;
  TrustPtr trust_;
  std::string build_;
  Bytes reference_key_;
  net::EventLoop loop_;
  Instant started_;
  page::Cache cache_;
  std::unique_ptr<memcached::Client> store_;
  Preparer preparer_{cache_};
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t next_worker_ = 0;
  std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
  std::vector<std::unique_ptr<net::SignalWatch>> signals_;
  net::Timer tick_;
  net::Timer link_check_;
  Instant links_due_{};  // a successor serves without links then
  bool serving_ = false;
  bool draining_ = false;
  std::function<void()> on_drain_;
  DeactivateOnQuit on_quit_;
  bool is_deactivating_ = false;
  Instant drain_end_ = kNever;
  int exit_status_ = 0;
  int successor_ = 0;  // the process that was started to take over
  net::Notifier notifier_;
  Instant watchdog_due_{};
  std::vector<std::uint64_t> watchdog_turns_;
};

}  // namespace railgun::app
