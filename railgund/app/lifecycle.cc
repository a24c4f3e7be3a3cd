#include "railgund/app/lifecycle.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <unistd.h>

#include "railgund/app/cache_file.h"
#include "railgund/app/inheritance.h"
#include "railgund/log/log.h"

namespace railgun::app {
namespace {

// How often the main loop checks whether a drain is done.
constexpr Duration kDrainCheck = std::chrono::milliseconds(50);
// How often a successor checks its links, and when it serves without them. Its predecessor serves meanwhile.
constexpr Duration kLinkCheck = std::chrono::milliseconds(20);
constexpr Duration kLinkTimeout = std::chrono::seconds(3);
// The same for page versions: they come at 1.3 GB a second (./dev bench scale upgrade).
constexpr Duration kVersionsTimeout = std::chrono::seconds(10);
// Enough for a few pages, so that writing and reading go on side by side.
constexpr int kSnapshotPipeBytes = 1 << 20;
// How often a successor is told what its predecessor still counts.
constexpr Duration kStatisticsInterval = std::chrono::seconds(1);
// What a stop may take to write page versions: systemd gives 45 s for everything (systemd/railgund.service).
constexpr Duration kSaveTimeout = std::chrono::seconds(10);
// How long a drain with a successor goes on accepting: senders need time to connect to it, and clients to learn that a
// kept connection is closing.
constexpr Duration kHandOver = std::chrono::seconds(5);

void write_pid_file(const std::string& path) {
  std::ofstream file(path, std::ios::trunc);
  file << getpid() << "\n";
  if (!file.flush()) log::error("pid.file " + path + ": cannot be written");
}

}  // namespace

Lifecycle::Lifecycle(Server& server, std::vector<std::string> arguments)
    : server_(server),
      loop_(server.loop()),
      arguments_(std::move(arguments)),
      tick_(loop_, [this] { tick(); }),
      link_check_(loop_, [this] { wait_for_links(); }) {
  watch_signals();
}

void Lifecycle::watch_signals() {
  const auto watch = [&](int signal, std::function<void()> work) {
    signals_.push_back(std::make_unique<net::SignalWatch>(loop_, signal, std::move(work)));
  };
  std::signal(SIGPIPE, SIG_IGN);
  watch(SIGHUP, [this] { (void)reload(); });
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT}) {
    watch(signal, [this, signal] { on_end_signal(signal); });
  }
  watch(SIGUSR2, [this] { upgrade(); });
}

void Lifecycle::on_end_signal(int signal) {
  // The second one does not wait.
  if (draining_) loop_.stop();
  if (signal == SIGQUIT) deactivate_on_quit();
  if (has_successor()) notifier_.main_process(successor_);
  drain();
}

void Lifecycle::carry(std::function<std::string()> carried, std::function<void(const std::string&)> take_over) {
  carried_ = std::move(carried);
  take_over_ = std::move(take_over);
}

// From the process before if there is one, or else from the disk.
void Lifecycle::take_versions_over() {
  const config::ConfigPtr config = server_.config();
  Descriptor from = take_snapshot_pipe();
  std::string where = "the process before";
  if (!from && !is_successor() && !config->cache_directory.empty()) {
    where = cache_file(config->cache_directory);
    if (auto file = open_cache_file(config->cache_directory)) {
      from = std::move(*file);
    } else if (file.error().code != Errc::kNotFound) {
      log::error("cache.directory: " + file.error().text);
    }
  }
  if (!from) return;
  // Only the process before sends any.
  const auto take_over = [this](std::string text) {
    loop_.post([this, text = std::move(text)] {
      if (take_over_) take_over_(text);
    });
  };
  intake_ =
      std::make_unique<SnapshotIntake>(server_.cache(), std::move(from),
                                       SnapshotIntake::Options{.where = std::move(where),
                                                               .page_limit_bytes = config->reference_page_limit_bytes,
                                                               .on_statistics = take_over});
}

// Best effort: what is not written has to be learned again. A process that ends before it has read the file leaves it as
// it is.
void Lifecycle::save_versions() {
  const config::ConfigPtr config = server_.config();
  if (config->cache_directory.empty() || has_successor() || (intake_ && !intake_->is_complete())) return;
  const auto saved = save_cache(server_.cache(), config->cache_directory, config->memory_limit_bytes, kSaveTimeout);
  if (saved) {
    log::notice("cache.directory: wrote " + std::to_string(saved->versions) + " page versions (" +
                std::to_string(saved->bytes >> 20) + " MB)");
  } else {
    log::error("cache.directory: " + saved.error().text);
  }
}

void Lifecycle::run() {
  take_versions_over();
  if (is_successor()) {
    server_.set_accepting(false);
    links_deadline_ = loop_.now() + kLinkTimeout;
    versions_deadline_ = loop_.now() + kVersionsTimeout;
    wait_for_links();
  } else {
    serve();
  }
  tick_.set(loop_.now());
  loop_.run();
  give_statistics();
  handover_.reset();
  save_versions();
  const std::string& pid_file = server_.config()->pid_file;
  if (!pid_file.empty() && serving_ && !has_successor()) unlink(pid_file.c_str());
  notifier_.stopping();
  log::notice("stopped");
}

// A successor accepts no client before its outgoing links are up and it has the page versions, because its predecessor
// has both.
void Lifecycle::wait_for_links() {
  server_.links([this](const std::vector<proxy::LinkStatus>& links) {
    if (draining_) return;
    const bool are_up =
        std::all_of(links.begin(), links.end(), [](const proxy::LinkStatus& link) { return link.up || !link.dialed; });
    const bool has_versions = !intake_ || intake_->is_complete();
    if ((are_up || loop_.now() >= links_deadline_) && (has_versions || loop_.now() >= versions_deadline_)) {
      serve();
    } else {
      link_check_.set(loop_.now() + kLinkCheck);
    }
  });
}

void Lifecycle::serve() {
  serving_ = true;
  server_.set_accepting(true);
  notifier_.ready();
  notifier_.status("Serving");
  const std::size_t workers = server_.workers().size();
  log::notice("railgund " RAILGUN_VERSION " serves as a " +
              std::string(server_.config()->role == config::Role::kSender ? "sender" : "listener") + " with " +
              std::to_string(workers) + (workers == 1 ? " worker" : " workers"));
  const std::string& pid_file = server_.config()->pid_file;
  if (!pid_file.empty()) write_pid_file(pid_file);
  dismiss_predecessor();
}

Result<ReloadReport> Lifecycle::reload() {
  notifier_.reloading(loop_.now());
  auto report = server_.reload();
  notifier_.ready();
  if (report) {
    notifier_.status("Serving");
    log::notice("configuration read again");
  } else {
    const std::string& why = report.error().text;
    log::error("Error rereading configuration file: " + why);
    notifier_.status("Serving; the last reload failed: " + why.substr(0, why.find('\n')));
  }
  return report;
}

void Lifecycle::drain() {
  if (draining_) return;
  draining_ = true;
  drain_deadline_ = loop_.now() + server_.config()->drain_timeout;
  notifier_.stopping();
  notifier_.status("Draining: finishing requests");
  log::notice("draining: finishing requests, accepting no new ones");
  server_.drain(has_successor() ? kHandOver : Duration(0));
  if (on_drain_) on_drain_();
  tick_.set(loop_.now());
}

void Lifecycle::give_statistics() {
  if (handover_ && carried_) handover_->give_statistics(carried_());
  next_statistics_ = loop_.now() + kStatisticsInterval;
}

void Lifecycle::deactivate_on_quit() {
  // A successor keeps the identity of this process.
  if (!on_quit_ || draining_ || successor_ > 0) return;
  is_deactivating_ = true;
  on_quit_([this] { is_deactivating_ = false; });
}

void Lifecycle::tick() {
  if (draining_ && !is_deactivating_) {
    if (server_.is_drained() || loop_.now() >= drain_deadline_) loop_.stop();
  }
  if (draining_ && handover_ && loop_.now() >= next_statistics_) give_statistics();
  feed_watchdog();
  // Otherwise there is nothing to do: an idle daemon sleeps.
  const Instant next_feed = notifier_.watchdog_interval() ? watchdog_due_ : kNever;
  tick_.set(draining_ ? std::min(loop_.now() + kDrainCheck, next_feed) : next_feed);
}

// Tells systemd that the daemon is alive only while every worker turns: each is nudged, and must have turned by the
// next time.
void Lifecycle::feed_watchdog() {
  const auto interval = notifier_.watchdog_interval();
  if (!interval || loop_.now() < watchdog_due_) return;
  watchdog_due_ = loop_.now() + *interval;
  std::vector<std::uint64_t> turns;
  for (const auto& worker : server_.workers()) turns.push_back(worker->turns());
  bool all_turned = watchdog_turns_.size() == turns.size();
  for (std::size_t i = 0; all_turned && i < turns.size(); ++i) all_turned = turns[i] != watchdog_turns_[i];
  if (all_turned || watchdog_turns_.empty()) notifier_.watchdog();
  watchdog_turns_ = std::move(turns);
  for (const auto& worker : server_.workers()) worker->nudge();
}

// A new process takes over the listening sockets. Once it serves it ends this one, which finishes its requests.
void Lifecycle::upgrade() {
  if (draining_) return;
  if (has_successor()) {
    log::error("an upgrade is in progress already, by process " + std::to_string(successor_));
    return;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    log::error("upgrade failed, this process continues: " + std::string(std::strerror(errno)));
    return;
  }
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  fcntl(writing.get(), F_SETFL, O_NONBLOCK);
  fcntl(writing.get(), F_SETPIPE_SZ, kSnapshotPipeBytes);  // smaller ones do, too
  auto started = start_successor(server_.listening_descriptors(), reading.get(), arguments_);
  if (!started) {
    log::error("upgrade failed, this process continues: " + started.error().text);
    return;
  }
  successor_ = *started;
  handover_.emplace(server_.cache(), std::move(writing));
  give_statistics();
  log::notice("upgrade: started the new railgund as process " + std::to_string(successor_));
}

// A successor that failed to start has left no trace.
bool Lifecycle::has_successor() const { return successor_ > 0 && is_running(successor_); }

}  // namespace railgun::app
