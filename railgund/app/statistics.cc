#include "railgund/app/statistics.h"

#include <cstdio>
#include <fstream>

#include <malloc.h>
#include <unistd.h>

#include "railgund/control/json_fields.h"

namespace railgun::app {
namespace {

// Percent times 100, as the original has it: 6890 is 68.90 % less on the link than the pages have.
std::uint64_t saved_hundredths(const Totals& totals) {
  if (totals.page_bytes == 0 || totals.coded_bytes >= totals.page_bytes) return 0;
  return static_cast<std::uint64_t>(10'000.0 * static_cast<double>(totals.page_bytes - totals.coded_bytes) /
                                    static_cast<double>(totals.page_bytes));
}

class MetricsWriter {
 public:
  void add(const char* name, const char* type, const char* help, double value, const char* labels = "") {
    if (last_ != name) text_ += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
    last_ = name;
    char number[40];
    std::snprintf(number, sizeof number, "%.17g", value);
    text_ += std::string(name) + labels + ' ' + number + '\n';
  }
  void counter(const char* name, const char* help, std::uint64_t value, const char* labels = "") {
    add(name, "counter", help, static_cast<double>(value), labels);
  }
  void gauge(const char* name, const char* help, double value) { add(name, "gauge", help, value); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string last_;
};

}  // namespace

void add_workers(Totals& totals, const std::vector<std::unique_ptr<Worker>>& workers) {
  for (const auto& worker : workers) {
    const proxy::Counters& c = worker->counters();
    totals.requests_started += c.requests_started.get();
    totals.requests_completed += c.requests_completed.get();
    totals.requests_failed += c.requests_failed.get();
    totals.answers_delta += c.answers_delta.get();
    totals.answers_full += c.answers_full.get();
    totals.answers_stream += c.answers_stream.get();
    totals.answers_direct += c.answers_direct.get();
    totals.answers_527 += c.answers_527.get();
    totals.page_bytes += c.page_bytes.get();
    totals.coded_bytes += c.coded_bytes.get();
    totals.link_bytes_sent += c.link_bytes_sent.get();
    totals.link_bytes_received += c.link_bytes_received.get();
    totals.links_opened += c.links_opened.get();
    totals.links_closed += c.links_closed.get();
    totals.references_named += c.references_named.get();
    totals.references_found += c.references_found.get();
    totals.check_failures += c.check_failures.get();
    totals.store_gets += c.store_gets.get();
    totals.store_hits += c.store_hits.get();
    totals.store_puts += c.store_puts.get();
    totals.clients_accepted += c.clients_accepted.get();
    totals.clients_open += c.clients_open.get();
    totals.origin_connections += c.origin_connections.get();
    totals.origin_reused += c.origin_reused.get();
    totals.origin_retries += c.origin_retries.get();
    totals.origin_failures += c.origin_failures.get();
    totals.origin_bytes += c.origin_bytes.get();
  }
}

void add_memory(Totals& totals) {
#ifdef __GLIBC__
  totals.memory_allocated_bytes = mallinfo2().uordblks;
#endif
  std::ifstream file("/proc/self/statm");
  std::uint64_t size_pages = 0, resident_pages = 0;
  if (file >> size_pages >> resident_pages) {
    totals.memory_resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  }
}

std::string statistics_json(const Totals& totals) {
  const nlohmann::json json = {
      {"bytes_retrieved", totals.is_sender ? totals.page_bytes : totals.origin_bytes},
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
      {"railgun",
       {{"version", RAILGUN_VERSION},
        {"role", totals.is_sender ? "sender" : "listener"},
        {"uptime_seconds", totals.uptime_seconds},
        {"requests_failed", totals.requests_failed},
        {"answers_delta", totals.answers_delta},
        {"answers_full", totals.answers_full},
        {"answers_stream", totals.answers_stream},
        {"answers_direct", totals.answers_direct},
        {"page_bytes", totals.page_bytes},
        {"coded_bytes", totals.coded_bytes},
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
        {"origin_reused", totals.origin_reused}}}};
  return control::dump(json);
}

std::string statistics_metrics(const Totals& totals) {
  MetricsWriter out;
  out.add("railgun_info", "gauge", "The version and role of this daemon.", 1,
          totals.is_sender ? "{version=\"" RAILGUN_VERSION "\",role=\"sender\"}"
                           : "{version=\"" RAILGUN_VERSION "\",role=\"listener\"}");
  out.gauge("railgun_uptime_seconds", "Since the daemon started.", totals.uptime_seconds);
  out.counter("railgun_requests_started_total", "Requests taken.", totals.requests_started);
  out.counter("railgun_requests_completed_total", "Requests answered to the end.", totals.requests_completed);
  out.counter("railgun_requests_failed_total", "Requests that were cut or answered by an error of ours.",
              totals.requests_failed);
  constexpr const char* kAnswers =
      "Answers by the way they took: delta against a reference, full (compressed), stream (as "
      "they are), direct (past the link), 527.";
  out.counter("railgun_answers_total", kAnswers, totals.answers_delta, "{way=\"delta\"}");
  out.counter("railgun_answers_total", kAnswers, totals.answers_full, "{way=\"full\"}");
  out.counter("railgun_answers_total", kAnswers, totals.answers_stream, "{way=\"stream\"}");
  out.counter("railgun_answers_total", kAnswers, totals.answers_direct, "{way=\"direct\"}");
  out.counter("railgun_answers_total", kAnswers, totals.answers_527, "{way=\"527\"}");
  out.counter("railgun_page_bytes_total", "Bodies as clients and origins see them.", totals.page_bytes);
  out.counter("railgun_coded_bytes_total", "What stood for them on the link.", totals.coded_bytes);
  out.counter("railgun_link_bytes_total", "Bytes on links.", totals.link_bytes_sent, "{way=\"sent\"}");
  out.counter("railgun_link_bytes_total", "Bytes on links.", totals.link_bytes_received, "{way=\"received\"}");
  out.counter("railgun_links_opened_total", "Links that came up.", totals.links_opened);
  out.counter("railgun_links_closed_total", "Links that ended.", totals.links_closed);
  out.counter("railgun_references_named_total", "Requests that named a reference.", totals.references_named);
  out.counter("railgun_references_found_total", "Requests whose reference both ends held.", totals.references_found);
  out.counter("railgun_check_failures_total", "Deltas whose check failed; each was asked again.",
              totals.check_failures);
  out.counter("railgun_store_gets_total", "Look-ups in memcached.", totals.store_gets);
  out.counter("railgun_store_hits_total", "Look-ups that found something.", totals.store_hits);
  out.counter("railgun_store_puts_total", "Writes to memcached.", totals.store_puts);
  out.gauge("railgun_clients", "Client connections open now.", static_cast<double>(totals.clients_open));
  out.counter("railgun_clients_accepted_total", "Client connections accepted.", totals.clients_accepted);
  out.counter("railgun_origin_connections_total", "Connections opened to origins.", totals.origin_connections);
  out.counter("railgun_origin_reused_total", "Requests over origin connections that were open.", totals.origin_reused);
  out.counter("railgun_origin_retries_total", "Requests repeated on a fresh origin connection.", totals.origin_retries);
  out.counter("railgun_origin_failures_total", "Requests that no origin answered.", totals.origin_failures);
  out.gauge("railgun_references", "Page versions in memory.", static_cast<double>(totals.cache_versions));
  out.gauge("railgun_reference_bytes", "What they take.", static_cast<double>(totals.cache_bytes));
  out.gauge("railgun_reference_limit_bytes", "What they may take (memory.limit).",
            static_cast<double>(totals.cache_limit_bytes));
  out.gauge("railgun_resident_bytes", "Memory of the process.", static_cast<double>(totals.memory_resident_bytes));
  return out.take();
}

}  // namespace railgun::app
