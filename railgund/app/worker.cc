#include "railgund/app/worker.h"

#include <type_traits>

namespace railgun::app {
namespace {

constexpr Duration kDrainCheck = std::chrono::milliseconds(20);

}  // namespace

Worker::Worker(const WorkerSettings& settings) {
  counters_.clock = [] { return Instant(std::chrono::steady_clock::now()); };
  resolver_ = std::make_unique<net::Resolver>(loop_);
  const DriveServices services{loop_, *resolver_, settings.store};
  net::SocketOptions link_options;
  link_options.congestion = settings.config->wan_congestion;
  link_options.keepalive_idle = std::chrono::seconds(30);
  const Instant now = loop_.now();
  const bool has_store = settings.store != nullptr;
  if (settings.config->role == config::Role::kSender) {
    auto core = std::make_unique<proxy::Sender>(settings.config, settings.cache, counters_, has_store,
                                                settings.first_request, now);
    drive_ = std::make_unique<Drive<proxy::Sender>>(services, settings.trust, settings.config->wan_tls, link_options,
                                                    std::move(core));
  } else {
    auto core = std::make_unique<proxy::Listener>(settings.config, settings.cache, counters_, has_store,
                                                  settings.reference_key, settings.build, now);
    drive_ = std::make_unique<Drive<proxy::Listener>>(services, settings.trust, settings.config->wan_tls, link_options,
                                                      std::move(core));
  }
  thread_ = std::thread([this] { loop_.run(); });
}

Worker::~Worker() { stop(); }

void Worker::stop() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
}

// Runs `work` on the worker's thread with its drive, then does what the core asks for.
template <typename Work>
void Worker::on_drive(Work work) {
  loop_.post([this, work = std::make_shared<Work>(std::move(work))] {
    std::visit(
        [&](auto& drive) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(drive)>, std::monostate>) {
            (*work)(*drive);
            drive->settle();
          }
        },
        drive_);
  });
}

void Worker::accept(proxy::Kind kind, net::Descriptor socket, const net::SocketAddress& peer) {
  on_drive(
      [kind, socket = std::move(socket), peer](auto& drive) mutable { drive.accept(kind, std::move(socket), peer); });
}

void Worker::configure(config::ConfigPtr config, TrustPtr trust) {
  on_drive([this, config = std::move(config), trust = std::move(trust)](auto& drive) {
    // A reload is also how one says that resolv.conf has changed, though changes are noticed.
    resolver_->reload();
    drive.set_trust(trust);
    drive.core().configure(config, loop_.now());
  });
}

void Worker::drain(Duration patience) {
  on_drive([this, patience](auto& drive) {
    drive.core().drain(patience, loop_.now());
    drain_check_ = std::make_unique<net::Timer>(loop_, [this] { check_drained(); });
    drain_check_->set(loop_.now());
  });
}

void Worker::check_drained() {
  on_drive([this](auto& drive) {
    drained_ = drive.core().is_drained() && drive.is_flushed();
    if (!drained_) drain_check_->set(loop_.now() + kDrainCheck);
  });
}

void Worker::cut_links(std::string peer) {
  on_drive([this, peer = std::move(peer)](auto& drive) { drive.core().cut_links(peer, loop_.now()); });
}

void Worker::report_links(std::function<void(std::vector<proxy::LinkStatus>)> done) {
  on_drive([this, done = std::move(done)](auto& drive) { done(drive.core().links(loop_.now())); });
}

void Worker::nudge() {
  loop_.post([] {});
}

}  // namespace railgun::app
