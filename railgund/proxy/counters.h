// What one worker has counted. Written by its thread alone, read by any (relaxed): sums over workers are good enough.
#pragma once

#include <atomic>
#include <cstdint>

namespace railgun::proxy {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  void subtract(std::uint64_t count = 1) { value_.fetch_sub(count, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// "page" bytes are bodies as the client or the origin sees them, "coded" bytes are what stood for them on the link.
struct Counters {
  // Both roles.
  Counter requests_started, requests_completed, requests_failed;
  Counter answers_delta;   // with a reference
  Counter answers_full;    // compressed, without a reference
  Counter answers_stream;  // passed as they are
  Counter page_bytes, coded_bytes;
  Counter link_bytes_sent, link_bytes_received, links_opened, links_closed;
  Counter references_named, references_found;
  Counter store_gets, store_hits, store_puts;
  // The sender.
  Counter clients_accepted, clients_open, answers_direct, answers_527, answers_refused, check_failures, asked_again;
  // The listener.
  Counter origin_connections, origin_reused, origin_retries, origin_failures, origin_bytes;
  Counter gunzipped;
};

}  // namespace railgun::proxy
