#include "railgund/app/statistics_service.h"

#include <algorithm>

#include "railgund/app/server.h"
#include "railgund/app/statistics_json.h"
#include "railgund/app/statistics_metrics.h"
#include "railgund/app/statistics_page.h"
#include "railgund/log/log.h"
#include "railgund/tls/context.h"

namespace railgun::app {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kMemoryAge = std::chrono::seconds(1);
// The first post comes so soon, that a wrong address shows at once.
constexpr Duration kFirstReport = std::chrono::seconds(1);
// New settings are seen after this long at most.
constexpr Duration kLookAgain = std::chrono::seconds(10);

}  // namespace

StatisticsService::StatisticsService(Server& server)
    : server_(server),
      retry_(server.loop(), [this] { open(); }),
      tick_(server.loop(), [this] { tick(); }),
      resolver_(server.loop()),
      self_(std::make_shared<StatisticsService*>(this)) {
  if (!server_.config()->stats_enabled) return;
  open();
  const Instant now = server_.loop().now();
  last_report_ = now;
  next_sample_ = now;
  tick_.set(now);
}

StatisticsService::~StatisticsService() { *self_ = nullptr; }

void StatisticsService::make_way() {
  listening_.reset();
  retry_.cancel();
  tick_.cancel();
  post_.reset();
}

// The port is tried again: after an upgrade the process before this one still holds it for a while.
void StatisticsService::open() {
  const config::Config& config = *server_.config();
  if (!config.stats_listen) return;
  auto opened = StatisticsServer::open(
      server_.loop(), *config.stats_listen,
      [this](Wanted wanted, const StatisticsServer::Done& done) { answer(wanted, done); },
      [this] { return server_.config()->stats_token; });
  if (opened) {
    listening_ = std::move(*opened);
    log::information("statistics at http://" + to_string(listening_->local()) + "/");
    return;
  }
  if (!told_) log::error("stats.listen: " + opened.error().text + "; trying again every second");
  told_ = true;
  retry_.set(server_.loop().now() + kRetry);
}

Totals StatisticsService::totals() {
  const Instant now = server_.loop().now();
  if (memory_read_ == Instant{} || now - memory_read_ >= kMemoryAge) {
    add_memory(memory_);
    memory_read_ = now;
  }
  Totals sum;
  sum.memory_allocated_bytes = memory_.memory_allocated_bytes;
  sum.memory_resident_bytes = memory_.memory_resident_bytes;
  add_workers(sum, server_.workers());
  const page::CacheCounters cache = server_.cache().counters();
  sum.cache_bytes = cache.bytes;
  sum.cache_versions = cache.versions;
  sum.cache_limit_bytes = server_.config()->memory_limit_bytes;
  if (server_.store() != nullptr) {
    const memcached::Counters counters = server_.store()->counters();
    sum.store = StoreTotals{.is_down = counters.is_open,
                            .hits = counters.hits,
                            .misses = counters.misses,
                            .timeouts = counters.timeouts,
                            .failures = counters.failures};
  }
  sum.uptime_seconds = std::chrono::duration<double>(now - server_.started()).count();
  sum.time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  sum.is_sender = server_.config()->role == config::Role::kSender;
  return sum;
}

void StatisticsService::gather(std::function<void(const Totals&)> done) {
  server_.links([self = self_, done = std::move(done)](const std::vector<proxy::LinkStatus>& links) {
    if (*self == nullptr) return;
    Totals sum = (*self)->totals();
    add_links(sum, links);
    done(sum);
  });
}

void StatisticsService::answer(Wanted wanted, const StatisticsServer::Done& done) {
  switch (wanted) {
    case Wanted::kPage:
      return done(std::string(statistics_page()));
    case Wanted::kHistory:
      return done(history_.to_json() + '\n');
    case Wanted::kStatistics:
      return gather([done](const Totals& totals) { done(statistics_json(totals) + '\n'); });
    case Wanted::kMetrics:
      return gather([done](const Totals& totals) { done(statistics_metrics(totals)); });
  }
}

void StatisticsService::tick() {
  const config::Config& config = *server_.config();
  const Instant now = server_.loop().now();
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

void StatisticsService::sample(Instant now) {
  const double uptime_seconds = std::chrono::duration<double>(now - server_.started()).count();
  next_sample_ = now + StatisticsHistory::next_after(uptime_seconds);
  // A worker that is stuck leaves a gap, not a queue.
  if (sampling_) return;
  sampling_ = true;
  gather([this](const Totals& totals) {
    sampling_ = false;
    history_.add(totals);
  });
}

void StatisticsService::report() {
  const config::Config& config = *server_.config();
  if (config.stats_log && reported_) log::error("statistics " + statistics_json(totals(), Detail::kNoLists));
  if (config.stats_url.empty()) {
    post_trouble_.clear();
    return;
  }
  // One at a time: a receiver that is slow gets fewer.
  if (post_) return;
  gather([this](const Totals& totals) { post(statistics_json(totals)); });
}

void StatisticsService::post(std::string body) {
  const config::Config& config = *server_.config();
  if (post_ || config.stats_url.empty()) return;
  auto target = parse_post_url(config.stats_url);
  if (!target) return take_outcome(std::unexpected(target.error()), "stats.url");
  const std::string where = shown(*target);
  if (target->secure) {
    if (auto prepared = prepare_context(); !prepared) return take_outcome(prepared, where);
  }
  post_ = std::make_unique<StatisticsPost>(server_.loop(), resolver_, *std::move(target), post_context_,
                                           std::move(body), [this, where](const Result<void>& outcome) {
                                             take_outcome(outcome, where);
                                             post_.reset();
                                           });
}

// Unlike an origin's, this certificate is always checked: the URL may hold a password.
Result<void> StatisticsService::prepare_context() {
  const std::string& bundle = server_.config()->ca_bundle;
  if (post_context_ != nullptr && post_bundle_ == bundle) return {};
  auto made = tls::make_origin_context({.verify = true, .bundle_file = bundle});
  if (!made) return std::unexpected(made.error());
  post_context_ = std::move(*made);
  post_bundle_ = bundle;
  return {};
}

// Told once, until it changes; status shows it all the while.
void StatisticsService::take_outcome(const Result<void>& outcome, const std::string& where) {
  const bool was_well = post_trouble_.empty();
  // The bundle may be another by the next time.
  if (!outcome && outcome.error().code == Errc::kDenied) post_context_.reset();
  post_trouble_ = outcome ? std::string{} : where + ": " + outcome.error().text;
  if (!outcome && was_well)
    log::error("stats.url: statistics cannot be posted to " + post_trouble_ + "; trying again each stats.interval");
  if (outcome && !was_well) log::error("stats.url: statistics are posted to " + where + " again");
}

}  // namespace railgun::app
