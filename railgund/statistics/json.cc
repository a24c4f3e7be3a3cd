#include "railgund/statistics/json.h"

#include <cmath>

#include "railgund/control/json_fields.h"

namespace railgun::statistics {
namespace {

using nlohmann::json;

// Percent times 100, as the original has it: 6890 is 68.90 % less on the link than the pages have.
std::uint64_t saved_hundredths(const Totals& totals) {
  const std::uint64_t page_bytes = totals[&proxy::Counters::page_bytes];
  if (page_bytes == 0) return 0;
  const std::uint64_t saved = saved_bytes(page_bytes, totals[&proxy::Counters::coded_bytes]);
  return static_cast<std::uint64_t>(10'000.0 * static_cast<double>(saved) / static_cast<double>(page_bytes));
}

bool counts_in(Role role, const Totals& totals) {
  return role == Role::kBoth || (role == Role::kSender) == totals.is_sender;
}

// Three digits say all that a histogram knows.
double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

// `unit`: of one count, in the unit of the JSON. Quantiles of nothing are null.
json spread_json(const HistogramCounts& counts, double unit) {
  const auto quantile = [&](double share) -> json {
    const auto value = counts.quantile(share);
    return value ? json(rounded(*value * unit)) : json(nullptr);
  };
  const std::uint64_t count = counts.count();
  const json mean =
      count == 0 ? json(nullptr) : json(rounded(static_cast<double>(counts.sum) / static_cast<double>(count) * unit));
  return {{"count", count}, {"mean", mean}, {"p50", quantile(0.5)}, {"p90", quantile(0.9)}, {"p99", quantile(0.99)}};
}

void add_spreads(json& ours, const Totals& totals) {
  for (const SpreadMetric& metric : spread_metrics()) {
    if (!counts_in(metric.role, totals)) continue;
    json& object = metric.json_group == nullptr ? ours : ours[metric.json_group];
    object[metric.json] = spread_json(totals.spread.*metric.total, metric.unit);
  }
}

json links_json(const Totals& totals) {
  json links = json::array();
  for (const PeerTotals& peer : totals.peers) {
    links.push_back(
        {{"peer", peer.peer},
         {"links", peer.links},
         {"up", peer.up},
         {"streams", peer.streams},
         {"round_trip_seconds",
          peer.round_trip ? json(std::chrono::duration<double>(*peer.round_trip).count()) : json(nullptr)}});
  }
  return links;
}

json sites_json(const Totals& totals) {
  json sites = json::object();
  for (const auto& [host, site] : totals.sites) {
    json& values = sites[host] = json::object();
    for (const SiteMetric& metric : site_metrics()) {
      if (is_shown(metric.role, totals.is_sender)) values[metric.json] = site.*metric.total;
    }
    values["saved_bytes"] = saved_bytes(site.page_bytes, site.coded_bytes);
  }
  return sites;
}

json railgun_json(const Totals& totals, Detail detail) {
  json ours = {
      {"version", RAILGUN_VERSION},
      {"role", totals.is_sender ? "sender" : "listener"},
      {"uptime_seconds", totals.uptime_seconds},
      {"saved_bytes", saved_bytes(totals[&proxy::Counters::page_bytes], totals[&proxy::Counters::coded_bytes])}};
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const Metric& metric = metrics()[row];
    if (metric.json == nullptr || (is_of_memcached(metric) && !totals.has_memcached)) continue;
    ours[metric.json] = totals.numbers.at(row);
  }
  add_spreads(ours, totals);
  if (detail == Detail::kAll) {
    ours["links"] = links_json(totals);
    ours["sites"] = sites_json(totals);
  }
  return ours;
}

}  // namespace

std::string to_json(const Totals& totals, Detail detail) {
  json all = {
      {"delta_compression_ratio", saved_hundredths(totals)},
      {"time", totals.time.time_since_epoch().count()},
      {"memstats", {{"alloc", totals[&MemoryUse::allocated_bytes]}, {"sys", totals[&MemoryUse::resident_bytes]}}},
      {"railgun", railgun_json(totals, detail)}};
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const OriginalName& original = metrics()[row].original;
    if (original.name != nullptr && counts_in(original.role, totals)) all[original.name] = totals.numbers.at(row);
  }
  return control::dump(all);
}

}  // namespace railgun::statistics
