#include "railgund/app/worker.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <type_traits>

#include <sys/prctl.h>

#include "railgund/log/panic.h"
#include "railgund/net/clock.h"
#include "railgund/proxy/cf_railgun.h"

namespace railgun::app {
namespace {

constexpr Duration kDrainCheck = std::chrono::milliseconds(20);
// How late a step of the calendar is noticed, as when a clock is set or a machine wakes.
constexpr Duration kCalendarCheck = std::chrono::seconds(10);
// What the kernel takes of a link's output beyond what it may send now. A small answer waits behind that: at 2.5 Mbit/s,
// which is what cubic makes of 50 ms and 1 % loss, 128 KB are 400 ms and 16 KB 50 ms (./dev bench field loss).
constexpr std::size_t kLinkUnsentBytes = 16 * 1024;

// For crash reports: as in Cf-Railgun and in the log.
std::size_t sender_request(std::uint64_t number, char* to, std::size_t room) noexcept {
  const auto digits = proxy::request_id(number);
  const std::size_t count = std::min(digits.size(), room);
  std::copy_n(digits.begin(), count, to);
  return count;
}

std::size_t listener_request(std::uint64_t number, char* to, std::size_t room) noexcept {
  char* const end = to + room;
  char* at = to;
  const auto put = [&](std::string_view words, std::uint32_t value) {
    at = std::copy_n(words.begin(), std::min<std::size_t>(words.size(), static_cast<std::size_t>(end - at)), at);
    at = std::to_chars(at, end, value).ptr;
  };
  put("stream ", static_cast<std::uint32_t>(number));
  put(" of link ", static_cast<std::uint32_t>(number >> 32));
  return static_cast<std::size_t>(at - to);
}

}  // namespace

Worker::Worker(const WorkerSettings& settings) {
  counters_.clock = [] { return net::steady_now(); };
  resolver_ = std::make_unique<net::Resolver>(loop_);
  const DriveServices services{.loop = loop_,
                               .resolver = *resolver_,
                               .store = settings.store,
                               .preparer = settings.preparer,
                               .counters = counters_,
                               .descriptors = settings.descriptors,
                               .access_log = settings.access_log,
                               .link_handshakes = settings.link_handshakes,
                               .tls_handshakes = settings.tls_handshakes};
  net::SocketOptions link_options;
  link_options.congestion = settings.config->wan_congestion;
  link_options.keepalive_idle = std::chrono::seconds(30);
  // Pings find a dead line first; this also ends what the kernel still holds for it. Set when a link is made.
  link_options.user_timeout = settings.config->link_idle_timeout + settings.config->link_ping_timeout;
  link_options.unsent_bytes = kLinkUnsentBytes;
  const Instant now = loop_.now();
  const bool has_store = settings.store != nullptr;
  if (settings.config->role == config::Role::kSender) {
    auto core = std::make_unique<proxy::Sender>(settings.config, settings.cache, settings.shelf, counters_, has_store,
                                                settings.first_request, settings.compression_key, now);
    core->set_time_of_day(net::wall_now(), now);
    calendar_ = std::make_unique<net::Timer>(loop_, [this] { check_calendar(); });
    calendar_->set(now + kCalendarCheck);
    drive_ = std::make_unique<Drive<proxy::Sender>>(services, settings.trust, settings.config->wan_tls, link_options,
                                                    std::move(core));
  } else {
    auto core = std::make_unique<proxy::Listener>(settings.config, settings.cache, counters_, has_store,
                                                  settings.reference_key, settings.build, now);
    drive_ = std::make_unique<Drive<proxy::Listener>>(services, settings.trust, settings.config->wan_tls, link_options,
                                                      std::move(core));
  }
  const log::RequestText text = settings.config->role == config::Role::kSender ? sender_request : listener_request;
  thread_ = std::thread([this, text] {
    const log::ReporterStack stack;
    log::watch_requests(&counters_.current_request.atomic(), text);
    prctl(PR_SET_NAME, "worker");
    loop_.run();
  });
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

void Worker::accept(proxy::ConnectionKind kind, net::Descriptor socket, const net::SocketAddress& peer,
                    std::optional<AcceptedClient> client) {
  on_drive([kind, socket = std::move(socket), peer, client = std::move(client)](auto& drive) mutable {
    drive.accept(kind, std::move(socket), peer, std::move(client));
  });
}

void Worker::configure(config::ConfigPtr config, TrustPtr trust, memcached::Client* store) {
  on_drive([this, config = std::move(config), trust = std::move(trust), store](auto& drive) {
    // A reload is also how one says that resolv.conf has changed, though changes are noticed.
    resolver_->reload();
    drive.set_trust(trust);
    drive.set_store(store);
    drive.core().configure(config, store != nullptr, loop_.now());
  });
}

void Worker::shortage_changed() {
  on_drive([this](auto& drive) {
    if constexpr (requires { drive.core().shortage_changed(loop_.now()); }) drive.core().shortage_changed(loop_.now());
  });
}

void Worker::check_calendar() {
  std::get<std::unique_ptr<Drive<proxy::Sender>>>(drive_)->core().set_time_of_day(net::wall_now(), loop_.now());
  calendar_->set(loop_.now() + kCalendarCheck);
}

void Worker::drain(Duration timeout) {
  on_drive([this, timeout](auto& drive) {
    drive.core().drain(timeout, loop_.now());
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
  on_drive([this, done = std::move(done)](auto& drive) { done(drive.links()); });
}

void Worker::nudge() {
  loop_.post([] {});
}

}  // namespace railgun::app
