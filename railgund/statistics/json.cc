#include "railgund/statistics/json.h"

#include <cmath>

#include "railgund/control/json_fields.h"

namespace railgun::statistics {
namespace {

using nlohmann::json;

// Percent times 100, as the original has it: 6890 is 68.90 % less on the link than the pages have.
std::uint64_t saved_hundredths(const Totals& totals) {
  if (totals.page_bytes == 0) return 0;
  return static_cast<std::uint64_t>(10'000.0 * static_cast<double>(saved_bytes(totals.page_bytes, totals.coded_bytes)) /
                                    static_cast<double>(totals.page_bytes));
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

json latency_json(const Totals& totals) {
  constexpr double kSeconds = 1e-9;
  json latency = {{"total", spread_json(totals.spread.total_time, kSeconds)},
                  {"origin", spread_json(totals.spread.origin_time, kSeconds)},
                  {"store", spread_json(totals.spread.store_time, kSeconds)}};
  if (totals.is_sender) {
    latency["link"] = spread_json(totals.spread.link_time, kSeconds);
    latency["decode"] = spread_json(totals.spread.decode_time, kSeconds);
  } else {
    latency["encode"] = spread_json(totals.spread.encode_time, kSeconds);
  }
  return latency;
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
    sites[host] = {{"requests", site.requests},
                   {"delta", site.delta},
                   {"full", site.full},
                   {"stream", site.stream},
                   {"direct", site.direct},
                   {"failed", site.failed},
                   {"page_bytes", site.page_bytes},
                   {"coded_bytes", site.coded_bytes},
                   {"saved_bytes", saved_bytes(site.page_bytes, site.coded_bytes)}};
  }
  return sites;
}

json railgun_json(const Totals& totals, Detail detail) {
  json ours = {{"version", RAILGUN_VERSION},
               {"role", totals.is_sender ? "sender" : "listener"},
               {"uptime_seconds", totals.uptime_seconds},
               {"requests_failed", totals.requests_failed},
               {"answers_delta", totals.answers_delta},
               {"answers_full", totals.answers_full},
               {"answers_stream", totals.answers_stream},
               {"answers_direct", totals.answers_direct},
               {"page_bytes", totals.page_bytes},
               {"coded_bytes", totals.coded_bytes},
               {"saved_bytes", saved_bytes(totals.page_bytes, totals.coded_bytes)},
               {"wan_bytes_received", totals.link_bytes_received},
               {"references_named", totals.references_named},
               {"references_found", totals.references_found},
               {"reference_bytes", totals.cache_bytes},
               {"references", totals.cache_versions},
               {"check_failures", totals.check_failures},
               {"store_gets", totals.store_gets},
               {"store_hits", totals.store_hits},
               {"store_puts", totals.store_puts},
               {"clients_open", totals.clients_open},
               {"origin_connections", totals.origin_connections},
               {"origin_reused", totals.origin_reused},
               {"latency_seconds", latency_json(totals)},
               {"page_size_bytes", spread_json(totals.spread.page_bytes, 1)},
               {"delta_size_bytes", spread_json(totals.spread.delta_bytes, 1)},
               {"delta_ratio", spread_json(totals.spread.delta_parts, 1e-6)}};
  if (detail == Detail::kAll) {
    ours["links"] = links_json(totals);
    ours["sites"] = sites_json(totals);
  }
  return ours;
}

}  // namespace

std::string to_json(const Totals& totals, Detail detail) {
  return control::dump({{"bytes_retrieved", totals.is_sender ? totals.page_bytes : totals.origin_bytes},
                        {"delta_compression_ratio", saved_hundredths(totals)},
                        {"no_origin_response", totals.is_sender ? totals.answers_527 : totals.origin_failures},
                        {"origin_retries", totals.origin_retries},
                        {"requests_started", totals.requests_started},
                        {"requests_completed", totals.requests_completed},
                        {"uncompressed_chunks", totals.answers_stream},
                        {"wan_bytes_sent", totals.link_bytes_sent},
                        {"wan_starts", totals.links_opened},
                        {"wan_stops", totals.links_closed},
                        {"time", totals.time.time_since_epoch().count()},
                        {"memstats", {{"alloc", totals.memory_allocated_bytes}, {"sys", totals.memory_resident_bytes}}},
                        {"railgun", railgun_json(totals, detail)}});
}

}  // namespace railgun::statistics
