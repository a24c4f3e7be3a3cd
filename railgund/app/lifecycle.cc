#include "railgund/app/lifecycle.h"

#include <algorithm>
#include <csignal>
#include <fstream>

#include <unistd.h>

#include "railgund/app/inheritance.h"
#include "railgund/log/log.h"

namespace railgun::app {
namespace {

// How often the main loop checks whether a drain is done.
constexpr Duration kDrainCheck = std::chrono::milliseconds(50);
// How often a successor checks its links, and when it serves without them. Its predecessor serves meanwhile.
constexpr Duration kLinkCheck = std::chrono::milliseconds(20);
constexpr Duration kLinkTimeout = std::chrono::seconds(3);
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

void Lifecycle::run() {
  if (is_successor()) {
    server_.set_accepting(false);
    links_deadline_ = loop_.now() + kLinkTimeout;
    wait_for_links();
  } else {
    serve();
  }
  tick_.set(loop_.now());
  loop_.run();
  const std::string& pid_file = server_.config()->pid_file;
  if (!pid_file.empty() && serving_ && !has_successor()) unlink(pid_file.c_str());
  notifier_.stopping();
  log::notice("stopped");
}

// A successor accepts no client before its outgoing links are up, because its predecessor has links.
void Lifecycle::wait_for_links() {
  server_.links([this](const std::vector<proxy::LinkStatus>& links) {
    if (draining_) return;
    const bool are_up =
        std::all_of(links.begin(), links.end(), [](const proxy::LinkStatus& link) { return link.up || !link.dialed; });
    if (are_up || loop_.now() >= links_deadline_) {
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
  auto started = start_successor(server_.listening_descriptors(), arguments_);
  if (!started) {
    log::error("upgrade failed, this process continues: " + started.error().text);
    return;
  }
  successor_ = *started;
  log::notice("upgrade: started the new railgund as process " + std::to_string(successor_));
}

// A successor that failed to start has left no trace.
bool Lifecycle::has_successor() const { return successor_ > 0 && is_running(successor_); }

}  // namespace railgun::app
