#include "railgund/statistics/carried.h"

#include "railgund/control/json_fields.h"

namespace railgun::statistics {
namespace {

using nlohmann::json;

template <typename Row>
std::string name_of(const Row& row) {
  std::string name = row.prometheus;
  if (row.label.name != nullptr) name += '{' + std::string(row.label.value) + '}';
  return name;
}

const json* find(const json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::uint64_t number(const json& object, const std::string& name) {
  const json* const value = find(object, name);
  return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
}

json spread_json(const HistogramCounts& counts) { return {{"sum", counts.sum}, {"buckets", counts.buckets}}; }

void read_spread(const json& value, HistogramCounts& counts) {
  counts.sum = number(value, "sum");
  const json* const buckets = find(value, "buckets");
  if (buckets == nullptr || !buckets->is_array() || buckets->size() != counts.buckets.size()) return;
  for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
    if (buckets->at(i).is_number_unsigned()) counts.buckets[i] = buckets->at(i).get<std::uint64_t>();
  }
}

}  // namespace

std::string to_carried_json(const Totals& totals, const History& history) {
  json counters = json::object(), spreads = json::object(), sites = json::object();
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const Metric& metric = metrics()[row];
    if (metric.type == Type::kCounter) counters[name_of(metric)] = totals.numbers.at(row);
  }
  for (const SpreadMetric& metric : spread_metrics())
    spreads[name_of(metric)] = spread_json(totals.spread.*metric.total);
  for (const auto& [host, site] : totals.sites) {
    json& values = sites[host] = json::object();
    for (const SiteMetric& metric : site_metrics()) values[metric.json] = site.*metric.total;
  }
  return control::dump({{"counters", std::move(counters)},
                        {"spreads", std::move(spreads)},
                        {"sites", std::move(sites)},
                        {"history", history.to_json()}});
}

std::optional<Carried> parse_carried(std::string_view text) {
  if (!control::is_shallow(text)) return std::nullopt;
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object()) return std::nullopt;
  Carried carried;
  if (const json* const counters = find(all, "counters"); counters != nullptr && counters->is_object()) {
    for (const Metric& metric : metrics()) {
      if (metric.type == Type::kCounter) carried.numbers[metric.member] = number(*counters, name_of(metric));
    }
  }
  if (const json* const spreads = find(all, "spreads"); spreads != nullptr && spreads->is_object()) {
    for (const SpreadMetric& metric : spread_metrics()) {
      const json* const value = find(*spreads, name_of(metric));
      if (value != nullptr && value->is_object()) read_spread(*value, carried.spread.*metric.total);
    }
  }
  if (const json* const sites = find(all, "sites"); sites != nullptr && sites->is_object()) {
    for (const auto& [host, values] : sites->items()) {
      if (!values.is_object() || carried.sites.size() > proxy::SiteTable::kMostSites) continue;
      SiteTotals& site = carried.sites[host];
      for (const SiteMetric& metric : site_metrics()) site.*metric.total = number(values, metric.json);
    }
  }
  if (const json* const history = find(all, "history"); history != nullptr && history->is_string())
    carried.history.restore(history->get_ref<const std::string&>());
  return carried;
}

void add(Totals& totals, const Carried& carried) {
  for (std::size_t row = 0; row < metrics().size(); ++row) totals.numbers.add(row, carried.numbers.at(row));
  for (const SpreadMetric& metric : spread_metrics()) (totals.spread.*metric.total).add(carried.spread.*metric.total);
  for (const auto& [host, site] : carried.sites) {
    SiteTotals& sum = totals.sites[host];
    for (const SiteMetric& metric : site_metrics()) sum.*metric.total += site.*metric.total;
  }
}

}  // namespace railgun::statistics
