#include "railgund/statistics/history.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "railgund/control/json_fields.h"

namespace railgun::statistics {
namespace {

using nlohmann::json;

constexpr double kNanosecond = 1e-9;

std::optional<double> quantile(const HistogramCounts& now, const HistogramCounts& before, double share) {
  const auto value = now.since(before).quantile(share);
  return value ? std::optional(*value * kNanosecond) : std::nullopt;
}

json value_of(const std::optional<double>& seconds) {
  // Microseconds are enough, and short.
  return seconds ? json(std::round(*seconds * 1e6) / 1e6) : json(nullptr);
}
json value_of(double seconds) { return std::round(seconds * 1e3) / 1e3; }
json value_of(std::uint64_t count) { return count; }
json value_of(WallTime time) { return time.time_since_epoch().count(); }

// The names of the lists that the table of metrics makes.
const std::vector<std::string_view>& columns() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Metric& metric : metrics()) {
      if (metric.history == nullptr || std::find(all.begin(), all.end(), metric.history) != all.end()) continue;
      all.emplace_back(metric.history);
    }
    return all;
  }();
  return names;
}

// One value for each column: what a counter has grown by, what a gauge is.
std::vector<std::uint64_t> numbers_of(const Totals& now, const Totals& before) {
  std::vector<std::uint64_t> numbers(columns().size());
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const Metric& metric = metrics()[row];
    if (metric.history == nullptr) continue;
    const auto column = std::find(columns().begin(), columns().end(), metric.history) - columns().begin();
    const std::uint64_t old = metric.type == Type::kCounter ? before.numbers.at(row) : 0;
    numbers[static_cast<std::size_t>(column)] += now.numbers.at(row) - old;
  }
  return numbers;
}

}  // namespace

Duration History::next_after(double uptime_seconds) {
  const std::chrono::duration<double> half(uptime_seconds / 2);
  return std::clamp<Duration>(std::chrono::duration_cast<Duration>(half), std::chrono::seconds(1), kInterval);
}

std::vector<std::optional<double>> History::round_trips_of(const Totals& totals) {
  std::vector<std::optional<double>> round_trips(peers_.size());
  for (const PeerTotals& peer : totals.peers) {
    auto known = std::find(peers_.begin(), peers_.end(), peer.peer);
    if (known == peers_.end()) {
      if (peers_.size() == kPeers) continue;
      known = peers_.insert(peers_.end(), peer.peer);
      round_trips.emplace_back();
    }
    if (peer.round_trip)
      round_trips[static_cast<std::size_t>(known - peers_.begin())] =
          std::chrono::duration<double>(*peer.round_trip).count();
  }
  return round_trips;
}

void History::add(const Totals& totals) {
  if (last_) {
    const Totals& before = *last_;
    const SpreadTotals &spread = totals.spread, &old = before.spread;
    Sample sample{.time = totals.time,
                  .seconds = totals.uptime_seconds - before.uptime_seconds,
                  .numbers = numbers_of(totals, before),
                  .total_p50 = quantile(spread.total_time, old.total_time, 0.5),
                  .total_p99 = quantile(spread.total_time, old.total_time, 0.99),
                  .origin_p50 = quantile(spread.origin_time, old.origin_time, 0.5),
                  .origin_p99 = quantile(spread.origin_time, old.origin_time, 0.99),
                  .round_trips = round_trips_of(totals)};
    for (const PeerTotals& peer : totals.peers) sample.links_up += peer.up;
    if (samples_.size() == kSamples) samples_.pop_front();
    samples_.push_back(std::move(sample));
  }
  last_ = totals;
}

std::string History::to_json() const {
  json result = {{"interval_seconds", std::chrono::duration_cast<std::chrono::seconds>(kInterval).count()},
                 {"samples", samples_.size()}};
  const auto list = [&](const char* name, auto Sample::* member) {
    json& values = result[name] = json::array();
    for (const Sample& sample : samples_) values.push_back(value_of(sample.*member));
  };
  list("time", &Sample::time);
  list("seconds", &Sample::seconds);
  for (std::size_t i = 0; i < columns().size(); ++i) {
    json& values = result[columns()[i]] = json::array();
    for (const Sample& sample : samples_) values.push_back(sample.numbers[i]);
  }
  list("total_p50_seconds", &Sample::total_p50);
  list("total_p99_seconds", &Sample::total_p99);
  list("origin_p50_seconds", &Sample::origin_p50);
  list("origin_p99_seconds", &Sample::origin_p99);
  list("links_up", &Sample::links_up);
  json& links = result["links"] = json::array();
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    json round_trips = json::array();
    // Samples from before a peer was there know nothing of it.
    for (const Sample& sample : samples_)
      round_trips.push_back(i < sample.round_trips.size() ? value_of(sample.round_trips[i]) : json(nullptr));
    links.push_back({{"peer", peers_[i]}, {"round_trip_seconds", std::move(round_trips)}});
  }
  return control::dump(result);
}

bool History::restore(std::string_view text) {
  if (!control::is_shallow(text)) return false;
  const json all = json::parse(text, nullptr, false);
  const auto list = [](const json& object, std::string_view name) -> const json* {
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? &*found : nullptr;
  };
  const json* const times = all.is_object() ? list(all, "time") : nullptr;
  if (times == nullptr) return false;
  const std::size_t count = times->size();
  const std::size_t first = count - std::min(count, kSamples);
  // What a list does not have is 0, or nothing.
  const auto value = [&](const json& object, std::string_view name, std::size_t i) -> std::optional<double> {
    const json* const values = list(object, name);
    const bool has_one = values != nullptr && i < values->size() && values->at(i).is_number();
    return has_one ? std::optional(values->at(i).get<double>()) : std::nullopt;
  };
  const auto whole = [&](std::string_view name, std::size_t i) {
    return static_cast<std::uint64_t>(std::max(value(all, name, i).value_or(0), 0.0));
  };
  peers_.clear();
  samples_.clear();
  last_.reset();
  const json* const links = list(all, "links");
  for (std::size_t i = 0; links != nullptr && i < std::min(links->size(), kPeers); ++i)
    peers_.push_back(links->at(i).is_object() ? links->at(i).value("peer", "") : "");
  for (std::size_t i = first; i < count; ++i) {
    Sample& sample = samples_.emplace_back();
    sample.time = WallTime(std::chrono::seconds(whole("time", i)));
    sample.seconds = value(all, "seconds", i).value_or(0);
    for (const std::string_view column : columns()) sample.numbers.push_back(whole(column, i));
    sample.total_p50 = value(all, "total_p50_seconds", i);
    sample.total_p99 = value(all, "total_p99_seconds", i);
    sample.origin_p50 = value(all, "origin_p50_seconds", i);
    sample.origin_p99 = value(all, "origin_p99_seconds", i);
    sample.links_up = whole("links_up", i);
    for (std::size_t peer = 0; peer < peers_.size(); ++peer)
      sample.round_trips.push_back(value(links->at(peer), "round_trip_seconds", i));
  }
  return true;
}

}  // namespace railgun::statistics
