#include "railgund/statistics/service.h"

#include <algorithm>
#include <fstream>

#include <malloc.h>
#include <unistd.h>

#include "railgund/log/log.h"
#include "railgund/net/clock.h"
#include "railgund/statistics/json.h"
#include "railgund/statistics/page.h"
#include "railgund/statistics/prometheus.h"
#include "railgund/tls/context.h"

namespace railgun::statistics {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
// While another process still holds the endpoint and is about to leave it.
constexpr Duration kTakeOverRetry = std::chrono::milliseconds(50);
constexpr Duration kMemoryAge = std::chrono::seconds(1);
// Soon after the start, so that a wrong address shows at once.
constexpr Duration kFirstReport = std::chrono::seconds(1);
// Changed settings take effect after this long at most.
constexpr Duration kLookAgain = std::chrono::seconds(10);

MemoryUse read_memory() {
  MemoryUse use;
#ifdef __GLIBC__
  use.allocated_bytes = mallinfo2().uordblks;
#endif
  std::ifstream file("/proc/self/statm");
  std::uint64_t size_pages = 0, resident_pages = 0;
  if (file >> size_pages >> resident_pages) {
    use.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
  return use;
}

}  // namespace

Service::Service(net::EventLoop& loop, Source& source)
    : loop_(loop), source_(source), retry_(loop, [this] { open(); }), tick_(loop, [this] { tick(); }), resolver_(loop) {
  if (!source_.settings()->stats_enabled) return;
  open();
  const Instant now = loop_.now();
  last_report_ = now;
  next_sample_ = now;
  tick_.set(now);
}

void Service::release_endpoints() {
  listening_.reset();
  retry_.cancel();
  tick_.cancel();
  post_.reset();
}

void Service::open() {
  const config::ConfigPtr settings = source_.settings();
  const config::Config& config = *settings;
  if (!config.stats_listen) return;
  auto opened = Server::open(
      loop_, *config.stats_listen, [this](Resource resource, const Server::Done& done) { answer(resource, done); },
      [this] { return source_.settings()->stats_token; });
  if (opened) {
    listening_ = std::move(*opened);
    log::information("statistics at http://" + to_string(listening_->local()) + "/");
    return;
  }
  // After an upgrade the previous process still holds the port until it drains.
  if (loop_.now() < source_.taking_over_until()) return retry_.set(loop_.now() + kTakeOverRetry);
  if (!open_failure_logged_) log::error("stats.listen: " + opened.error().text + "; trying again every second");
  open_failure_logged_ = true;
  retry_.set(loop_.now() + kRetry);
}

Totals Service::totals() {
  const Instant now = loop_.now();
  if (memory_read_ == Instant{} || now - memory_read_ >= kMemoryAge) {
    memory_ = read_memory();
    memory_read_ = now;
  }
  Totals sum;
  for (const proxy::Counters* counters : source_.worker_counters()) add_counters(sum, *counters);
  sum.numbers.set(memory_);
  sum.numbers.set(
      LogCounters{.dropped_lines = log::dropped_lines(), .dropped_access_lines = source_.dropped_access_lines()});
  const MemoryState memory = source_.memory_state();
  sum[&MemoryUse::reference_limit_bytes] = memory.limit_bytes;
  sum[&MemoryUse::overload_step] = memory.overload_step;
  sum.numbers.set(source_.cache_counters());
  sum.numbers.set(source_.shelf_counts());
  sum.numbers.set(source_.ledger_counts());
  if (const auto store = source_.store_counters()) {
    sum.numbers.set(*store);
    sum.has_memcached = true;
    sum.memcached_is_down = store->is_open;
  }
  if (carried_) add(sum, *carried_);
  sum.uptime_seconds = std::chrono::duration<double>(now - source_.started_at()).count();
  sum.time = net::wall_now();
  sum.is_sender = source_.settings()->role == config::Role::kSender;
  return sum;
}

std::string Service::carried() { return to_carried_json(totals(), history_); }

void Service::take_over(std::string_view text) {
  std::optional<Carried> carried = parse_carried(text);
  if (!carried) return;
  const bool is_first = !carried_;
  carried_ = std::move(carried);
  if (is_first) history_ = std::move(carried_->history);
}

void Service::gather(std::function<void(const Totals&)> done) {
  source_.links([watch = alive_.watch(), done = std::move(done)](const std::vector<proxy::LinkStatus>& links) {
    Service* const service = watch.get();
    if (service == nullptr) return;
    Totals sum = service->totals();
    add_links(sum, links);
    done(sum);
  });
}

void Service::answer(Resource resource, const Server::Done& done) {
  switch (resource) {
    case Resource::kPage:
      return done(std::string(page()));
    case Resource::kHistory:
      return done(history_.to_json() + '\n');
    case Resource::kStatistics:
      return gather([done](const Totals& totals) { done(to_json(totals) + '\n'); });
    case Resource::kMetrics:
      return gather([done](const Totals& totals) { done(to_prometheus(totals)); });
  }
}

void Service::tick() {
  const config::ConfigPtr settings = source_.settings();
  const config::Config& config = *settings;
  const Instant now = loop_.now();
  if (config.stats_listen && now >= next_sample_) sample(now);
  const Instant next_report = last_report_ + (reported_ ? config.stats_interval : kFirstReport);
  if (now >= next_report) {
    report();
    last_report_ = now;
    reported_ = true;
  }
  Instant next = std::min(now + kLookAgain, last_report_ + (reported_ ? config.stats_interval : kFirstReport));
  if (config.stats_listen) next = std::min(next, next_sample_);
  tick_.set(std::max(next, now + std::chrono::milliseconds(1)));
}

void Service::sample(Instant now) {
  const double uptime_seconds = std::chrono::duration<double>(now - source_.started_at()).count();
  next_sample_ = now + History::next_after(uptime_seconds);
  // A worker that is stuck leaves a gap, not a queue.
  if (sampling_) return;
  sampling_ = true;
  gather([this](const Totals& totals) {
    sampling_ = false;
    history_.add(totals);
  });
}

void Service::report() {
  const config::ConfigPtr settings = source_.settings();
  const config::Config& config = *settings;
  if (config.stats_log && reported_) log::notice("statistics " + to_json(totals(), Detail::kNoLists));
  if (config.stats_url.empty()) {
    post_failure_.clear();
    return;
  }
  // One at a time: a receiver that is slow gets fewer.
  if (post_) return;
  gather([this](const Totals& totals) { post(to_json(totals)); });
}

void Service::post(std::string body) {
  const config::ConfigPtr settings = source_.settings();
  const config::Config& config = *settings;
  if (post_ || config.stats_url.empty()) return;
  auto target = parse_post_url(config.stats_url);
  if (!target) return report_post(std::unexpected(target.error()), "stats.url");
  const std::string where = shown(*target);
  if (target->secure) {
    if (auto prepared = prepare_context(); !prepared) return report_post(prepared, where);
  }
  post_ = std::make_unique<Post>(loop_, resolver_, *std::move(target), post_context_, std::move(body),
                                 [this, where](const Result<void>& outcome) {
                                   report_post(outcome, where);
                                   post_.reset();
                                 });
}

// Unlike an origin's, this certificate is always checked: the URL may hold a password.
Result<void> Service::prepare_context() {
  const std::string& bundle = source_.settings()->ca_bundle;
  if (post_context_ != nullptr && post_bundle_ == bundle) return {};
  auto made = tls::make_origin_context({.verify = true, .bundle_file = bundle});
  if (!made) return std::unexpected(made.error());
  post_context_ = std::move(*made);
  post_bundle_ = bundle;
  return {};
}

// Logs a failure once, until it changes; `railgunctl status` shows it meanwhile.
void Service::report_post(const Result<void>& outcome, const std::string& where) {
  const bool was_well = post_failure_.empty();
  // The bundle may be another by the next time.
  if (!outcome && outcome.error().code == Errc::kDenied) post_context_.reset();
  post_failure_ = outcome ? std::string{} : where + ": " + outcome.error().text;
  if (!outcome && was_well)
    log::error("stats.url: statistics cannot be posted to " + post_failure_ + "; trying again each stats.interval");
  if (outcome && !was_well) log::notice("stats.url: statistics are posted to " + where + " again");
}

}  // namespace railgun::statistics
