#include "railgund/statistics/prometheus.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace railgun::statistics {
namespace {

std::string number_text(double value) {
  constexpr int kDigits = 12;
  char text[40];
  return {text, std::to_chars(text, std::end(text), value, std::chars_format::general, kDigits).ptr};
}

// {name="value"}, with what the format wants escaped.
std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text + '"';
}

const char* help_of(const char* family, const char* help) {
  const auto found = std::find_if(families().begin(), families().end(),
                                  [&](const Family& one) { return std::string_view(one.name) == family; });
  return found == families().end() ? help : found->help;
}

// One family of samples after the other, each with its head.
class MetricsWriter {
 public:
  // Begins a family, unless it is the one that was begun last.
  void family(const char* name, const char* type, const char* help) {
    if (name_ == name) return;
    name_ = name;
    help = help_of(name, help);
    text_ += "# HELP " + name_ + ' ' + help + "\n# TYPE " + name_ + ' ' + type + '\n';
  }
  // `labels`: as label() makes them, with commas between.
  void sample(double value, const std::string& labels = {}, const char* ending = "") {
    text_ += name_ + ending + (labels.empty() ? "" : '{' + labels + '}') + ' ' + number_text(value) + '\n';
  }
  void sample(std::uint64_t value, const std::string& labels = {}, const char* ending = "") {
    text_ += name_ + ending + (labels.empty() ? "" : '{' + labels + '}') + ' ' + std::to_string(value) + '\n';
  }

  // Cumulative, at the round bounds. `unit`: of one count, in the metric's own unit.
  void spread(const HistogramCounts& counts, double unit, const std::string& labels = {}) {
    const std::string before = labels.empty() ? "" : labels + ',';
    const auto bounds = counts.scale->bounds();
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      below += counts.buckets[i];
      if (!HistogramScale::is_round(i)) continue;
      sample(below, before + label("le", number_text(static_cast<double>(bounds[i]) * unit)), "_bucket");
    }
    sample(counts.count(), before + label("le", "+Inf"), "_bucket");
    sample(static_cast<double>(counts.sum) * unit, labels, "_sum");
    sample(counts.count(), labels, "_count");
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

std::string label(const Label& of_row) {
  return of_row.name == nullptr ? std::string{} : label(of_row.name, of_row.value);
}

void write_numbers(MetricsWriter& out, const Totals& totals) {
  for (std::size_t row = 0; row < metrics().size(); ++row) {
    const Metric& metric = metrics()[row];
    if (is_of_memcached(metric) && !totals.has_memcached) continue;
    out.family(metric.prometheus, metric.type == Type::kCounter ? "counter" : "gauge", metric.help);
    out.sample(totals.numbers.at(row), label(metric.label));
  }
  if (!totals.has_memcached) return;
  out.family("railgun_store_up", "gauge", "Whether memcached answers.");
  out.sample(std::uint64_t{totals.memcached_is_down ? 0U : 1U});
}

void write_spreads(MetricsWriter& out, const Totals& totals) {
  for (const SpreadMetric& metric : spread_metrics()) {
    if (metric.role != Role::kBoth && (metric.role == Role::kSender) != totals.is_sender) continue;
    out.family(metric.prometheus, "histogram", metric.help);
    out.spread(totals.spread.*metric.total, metric.unit, label(metric.label));
  }
}

void write_peers(MetricsWriter& out, const Totals& totals) {
  out.family("railgun_links", "gauge", "Links that exist or are being made, by peer.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.links, label("peer", peer.peer));
  out.family("railgun_links_up", "gauge", "Links that are up, by peer.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.up, label("peer", peer.peer));
  out.family("railgun_link_streams", "gauge", "Requests in progress on links, by peer.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.streams, label("peer", peer.peer));
  out.family("railgun_link_round_trip_seconds", "gauge", "Shortest round trip to the peer; absent until measured.");
  for (const PeerTotals& peer : totals.peers) {
    if (peer.round_trip) out.sample(std::chrono::duration<double>(*peer.round_trip).count(), label("peer", peer.peer));
  }
}

// All samples of a family stand together, so this goes through the hosts once for each family.
void write_sites(MetricsWriter& out, const Totals& totals) {
  const auto rows = site_metrics();
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first;
    const std::string_view family = rows[first].prometheus;
    while (end < rows.size() && rows[end].prometheus == family) ++end;
    if (!is_shown(rows[first].role, totals.is_sender)) {
      first = end;
      continue;
    }
    out.family(rows[first].prometheus, "counter", rows[first].help);
    for (const auto& [host, site] : totals.sites) {
      for (const SiteMetric& metric : rows.subspan(first, end - first)) {
        const std::string way = label(metric.label);
        out.sample(site.*metric.total, label("site", host) + (way.empty() ? "" : ',' + way));
      }
    }
    first = end;
  }
}

}  // namespace

std::string to_prometheus(const Totals& totals) {
  MetricsWriter out;
  out.family("railgun_info", "gauge", "Version and role of this daemon.");
  out.sample(std::uint64_t{1},
             label("version", RAILGUN_VERSION) + ',' + label("role", totals.is_sender ? "sender" : "listener"));
  out.family("railgun_uptime_seconds", "gauge", "Seconds since the daemon started.");
  out.sample(totals.uptime_seconds);
  write_numbers(out, totals);
  write_spreads(out, totals);
  write_peers(out, totals);
  write_sites(out, totals);
  return out.take();
}

}  // namespace railgun::statistics
