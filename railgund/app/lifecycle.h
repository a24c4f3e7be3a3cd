// How the process lives: signals, the drain at the end, the upgrade to a new program, systemd's notifications and
// watchdog, the PID file. What it serves meanwhile is app::Server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "railgund/app/handover.h"
#include "railgund/app/server.h"
#include "railgund/app/snapshot_intake.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/notify.h"

namespace railgun::app {

class Lifecycle {
 public:
  // `arguments`: of this process, its program first as an absolute path, for an upgrade. `server` outlives it.
  Lifecycle(Server& server, std::vector<std::string> arguments);
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  // Serves until signals or drain() end it.
  void run();

  // Server::reload(), reported to systemd.
  Result<ReloadReport> reload();
  // Accepts no new requests; run() returns when the last has ended or drain.timeout has passed.
  void drain();
  bool is_draining() const { return draining_; }
  // A new process has been started to replace this one, and runs.
  bool has_successor() const;

  // What has been counted, for the successor: `carried` makes the text, `take_over` takes the predecessor's.
  void carry(std::function<std::string()> carried, std::function<void(const std::string&)> take_over);
  // Called when a drain begins.
  void on_drain(std::function<void()> work) { on_drain_ = std::move(work); }
  // Called at SIGQUIT, before the drain. run() does not return until it has called `done`.
  using DeactivateOnQuit = std::function<void(std::function<void()> done)>;
  void on_quit(DeactivateOnQuit work) { on_quit_ = std::move(work); }

 private:
  void watch_signals();
  void on_end_signal(int signal);
  void take_versions_over();
  void wait_for_links();
  void serve();
  void upgrade();
  void give_statistics();
  void save_versions();
  void deactivate_on_quit();
  void tick();
  void feed_watchdog();

  Server& server_;
  net::EventLoop& loop_;
  std::vector<std::string> arguments_;
  std::vector<std::unique_ptr<net::SignalWatch>> signals_;
  net::Timer tick_;
  net::Timer link_check_;
  // A successor serves without links, and without what its predecessor knows, from then on.
  Instant links_deadline_{}, versions_deadline_{};
  bool serving_ = false;
  bool draining_ = false;
  Instant drain_deadline_ = kNever;
  std::function<void()> on_drain_;
  std::function<std::string()> carried_;
  std::function<void(const std::string&)> take_over_;
  DeactivateOnQuit on_quit_;
  bool is_deactivating_ = false;
  int successor_ = 0;                       // the process that was started to take over; 0: none
  std::optional<Handover> handover_;        // to it
  Instant next_statistics_{};               // for it
  std::unique_ptr<SnapshotIntake> intake_;  // of the process before, or of cache.directory
  net::Notifier notifier_;
  Instant watchdog_due_{};
  std::vector<std::uint64_t> watchdog_turns_;
};

}  // namespace railgun::app
