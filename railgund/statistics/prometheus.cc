#include "railgund/statistics/prometheus.h"

#include <cstdio>
#include <string_view>

namespace railgun::statistics {
namespace {

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", value);
  return text;
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

// One family of samples after the other, each with its head.
class MetricsWriter {
 public:
  void family(std::string name, const char* type, const char* help) {
    name_ = std::move(name);
    text_ += "# HELP " + name_ + ' ' + help + "\n# TYPE " + name_ + ' ' + type + '\n';
  }
  // `labels`: as label() makes them, with commas between.
  void sample(double value, const std::string& labels = {}, const char* ending = "") {
    text_ += name_ + ending + (labels.empty() ? "" : '{' + labels + '}') + ' ' + number_text(value) + '\n';
  }
  void sample(std::uint64_t value, const std::string& labels = {}, const char* ending = "") {
    text_ += name_ + ending + (labels.empty() ? "" : '{' + labels + '}') + ' ' + std::to_string(value) + '\n';
  }

  void counter(const char* name, const char* help, std::uint64_t value) {
    family(name, "counter", help);
    sample(value);
  }
  template <typename Number>
  void gauge(const char* name, const char* help, Number value) {
    family(name, "gauge", help);
    sample(value);
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

void write_requests(MetricsWriter& out, const Totals& totals) {
  out.counter("railgun_requests_started_total", "Requests taken.", totals.requests_started);
  out.counter("railgun_requests_completed_total", "Requests answered to the end.", totals.requests_completed);
  out.counter("railgun_requests_failed_total", "Requests that were cut or answered by an error of ours.",
              totals.requests_failed);
  out.family("railgun_answers_total", "counter",
             "Answers by the way they took: delta against a reference, full (compressed), stream (as they are), direct "
             "(past the link), 527.");
  out.sample(totals.answers_delta, label("way", "delta"));
  out.sample(totals.answers_full, label("way", "full"));
  out.sample(totals.answers_stream, label("way", "stream"));
  out.sample(totals.answers_direct, label("way", "direct"));
  out.sample(totals.answers_527, label("way", "527"));
  out.counter("railgun_page_bytes_total", "Bodies as clients and origins see them.", totals.page_bytes);
  out.counter("railgun_coded_bytes_total", "What stood for them on the link.", totals.coded_bytes);
  out.gauge("railgun_clients", "Client connections open now.", totals.clients_open);
  out.counter("railgun_clients_accepted_total", "Client connections accepted.", totals.clients_accepted);
}

void write_spreads(MetricsWriter& out, const Totals& totals) {
  constexpr double kSeconds = 1e-9;
  out.family(
      "railgun_latency_seconds", "histogram",
      "Where the time of requests goes: total; link (a sender's wait for the line, the listener and the origin); "
      "origin; store (memcached); encode; decode.");
  out.spread(totals.spread.total_time, kSeconds, label("phase", "total"));
  if (totals.is_sender) out.spread(totals.spread.link_time, kSeconds, label("phase", "link"));
  out.spread(totals.spread.origin_time, kSeconds, label("phase", "origin"));
  out.spread(totals.spread.store_time, kSeconds, label("phase", "store"));
  if (totals.is_sender) {
    out.spread(totals.spread.decode_time, kSeconds, label("phase", "decode"));
  } else {
    out.spread(totals.spread.encode_time, kSeconds, label("phase", "encode"));
  }
  out.family("railgun_page_size_bytes", "histogram", "Pages that were coded, as deltas or compressed.");
  out.spread(totals.spread.page_bytes, 1);
  out.family("railgun_delta_size_bytes", "histogram", "Deltas.");
  out.spread(totals.spread.delta_bytes, 1);
  out.family("railgun_delta_ratio", "histogram", "A delta's share of its page.");
  out.spread(totals.spread.delta_parts, 1e-6);
}

void write_links(MetricsWriter& out, const Totals& totals) {
  out.family("railgun_link_bytes_total", "counter", "Bytes on links.");
  out.sample(totals.link_bytes_sent, label("way", "sent"));
  out.sample(totals.link_bytes_received, label("way", "received"));
  out.counter("railgun_links_opened_total", "Links that came up.", totals.links_opened);
  out.counter("railgun_links_closed_total", "Links that ended.", totals.links_closed);
  out.family("railgun_links", "gauge", "Links that there are, or are being made, by peer.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.links, label("peer", peer.peer));
  out.family("railgun_links_up", "gauge", "Those that are up.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.up, label("peer", peer.peer));
  out.family("railgun_link_streams", "gauge", "Requests under way on them.");
  for (const PeerTotals& peer : totals.peers) out.sample(peer.streams, label("peer", peer.peer));
  out.family("railgun_link_round_trip_seconds", "gauge", "The shortest round trip to the peer; none before the first.");
  for (const PeerTotals& peer : totals.peers) {
    if (peer.round_trip) out.sample(std::chrono::duration<double>(*peer.round_trip).count(), label("peer", peer.peer));
  }
}

void write_references(MetricsWriter& out, const Totals& totals) {
  out.counter("railgun_references_named_total", "Requests that named a reference.", totals.references_named);
  out.counter("railgun_references_found_total", "Requests whose reference both ends held.", totals.references_found);
  out.counter("railgun_check_failures_total", "Deltas whose check failed; each was asked again.",
              totals.check_failures);
  out.gauge("railgun_references", "Page versions in memory.", totals.cache_versions);
  out.gauge("railgun_reference_bytes", "What they take.", totals.cache_bytes);
  out.gauge("railgun_reference_limit_bytes", "What they may take (memory.limit).", totals.cache_limit_bytes);
  out.gauge("railgun_resident_bytes", "Memory of the process.", totals.memory_resident_bytes);
  out.gauge("railgun_allocated_bytes", "Of it, what the program holds.", totals.memory_allocated_bytes);
}

void write_store(MetricsWriter& out, const Totals& totals) {
  out.counter("railgun_store_gets_total", "Look-ups in memcached.", totals.store_gets);
  out.counter("railgun_store_hits_total", "Look-ups that found something of use.", totals.store_hits);
  out.counter("railgun_store_puts_total", "Writes to memcached.", totals.store_puts);
  if (!totals.store) return;
  out.gauge("railgun_store_up", "Whether memcached answers.", std::uint64_t{totals.store->is_down ? 0U : 1U});
  out.family("railgun_store_errors_total", "counter", "Operations that memcached did not do.");
  out.sample(totals.store->timeouts, label("kind", "timeout"));
  out.sample(totals.store->failures, label("kind", "failure"));
}

void write_origins(MetricsWriter& out, const Totals& totals) {
  out.counter("railgun_origin_connections_total", "Connections opened to origins.", totals.origin_connections);
  out.counter("railgun_origin_reused_total", "Requests over origin connections that were open.", totals.origin_reused);
  out.counter("railgun_origin_retries_total", "Requests repeated on a fresh origin connection.", totals.origin_retries);
  out.counter("railgun_origin_failures_total", "Requests that no origin answered.", totals.origin_failures);
  out.counter("railgun_origin_bytes_total", "Bytes from origins.", totals.origin_bytes);
}

void write_sites(MetricsWriter& out, const Totals& totals) {
  out.family("railgun_site_requests_total", "counter", "Requests by host.");
  for (const auto& [host, site] : totals.sites) out.sample(site.requests, label("site", host));
  out.family("railgun_site_answers_total", "counter", "Answers by host and way; failed: cut, or an error of ours.");
  for (const auto& [host, site] : totals.sites) {
    const std::string name = label("site", host) + ',';
    out.sample(site.delta, name + label("way", "delta"));
    out.sample(site.full, name + label("way", "full"));
    out.sample(site.stream, name + label("way", "stream"));
    out.sample(site.direct, name + label("way", "direct"));
    out.sample(site.failed, name + label("way", "failed"));
  }
  out.family("railgun_site_page_bytes_total", "counter", "Bodies that came over links, by host.");
  for (const auto& [host, site] : totals.sites) out.sample(site.page_bytes, label("site", host));
  out.family("railgun_site_coded_bytes_total", "counter", "What stood for them on the link.");
  for (const auto& [host, site] : totals.sites) out.sample(site.coded_bytes, label("site", host));
}

}  // namespace

std::string to_prometheus(const Totals& totals) {
  MetricsWriter out;
  out.family("railgun_info", "gauge", "The version and role of this daemon.");
  out.sample(std::uint64_t{1},
             label("version", RAILGUN_VERSION) + ',' + label("role", totals.is_sender ? "sender" : "listener"));
  out.gauge("railgun_uptime_seconds", "Since the daemon started.", totals.uptime_seconds);
  write_requests(out, totals);
  write_spreads(out, totals);
  write_links(out, totals);
  write_references(out, totals);
  write_store(out, totals);
  write_origins(out, totals);
  write_sites(out, totals);
  return out.take();
}

}  // namespace railgun::statistics
