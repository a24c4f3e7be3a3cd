// What one worker has counted. Written by its thread alone, read by any (relaxed): sums over workers are good enough.
#pragma once

#include "railgund/base/histogram.h"
#include "railgund/base/time.h"
#include "railgund/proxy/counter.h"
#include "railgund/proxy/site_counters.h"

namespace railgun::proxy {

// Where the time of requests goes (nanoseconds), and how large things are. Of answers that came to their end.
struct Distributions {
  Histogram total_time{kTimeScale};   // from the request's head to the last byte handed on
  Histogram link_time{kTimeScale};    // sender: from asking over the link to the answer's head: the line's round trip,
                                      // and what the listener and the origin took
  Histogram origin_time{kTimeScale};  // from the request to the head of the origin's answer, as seen beside it
  Histogram store_time{kTimeScale};   // waiting for memcached
  Histogram encode_time{kTimeScale};  // listener: work on one answer
  Histogram decode_time{kTimeScale};  // sender: the same
  Histogram compress_time{kTimeScale};  // sender: work on compressing one answer for its client
  Histogram page_bytes{kBytesScale};    // of pages that were coded, as deltas or compressed
  Histogram delta_bytes{kBytesScale};
  Histogram delta_parts{kPartsScale};  // a delta's share of its page, parts of a million
};

// Reads a clock before and after work, for Distributions alone: what it says decides nothing, so that a core still does
// the same for the same input. Without a clock (the simulator) nothing is measured.
class Stopwatch {
 public:
  using Clock = Instant (*)();

  explicit Stopwatch(Clock clock) : clock_(clock), begun_(clock == nullptr ? Instant{} : clock()) {}
  Duration elapsed() const { return clock_ == nullptr ? Duration{} : clock_() - begun_; }

 private:
  Clock clock_;
  Instant begun_;
};

// "page" bytes are bodies as the client or the origin sees them, "coded" bytes are what stood for them on the link.
struct Counters {
  // Both roles. Each request that has started is counted once more when it ends: as completed, when the whole answer
  // was passed on (for a sender that includes a listener's own error page), or as failed.
  Counter requests_started, requests_completed, requests_failed;
  Counter requests_aborted;  // the client left before its answer was complete
  Counter answers_delta;     // with a reference
  Counter answers_full;      // compressed, without a reference
  Counter answers_stream;    // passed as they are
  Counter page_bytes, coded_bytes;
  Counter link_bytes_sent, link_bytes_received, links_opened, links_closed;
  Counter handshakes_open;      // connections to the link port whose peers are not known yet
  Counter handshakes_dropped;   // of these, closed for newer ones
  Counter descriptors_refused;  // connections not accepted or not made: the share of descriptors was used up
  Counter references_named, references_found;
  Counter store_gets, store_hits, store_puts;
  // The sender.
  Counter clients_rejected, clients_displaced;  // by clients.limit and clients.per_address
  Counter clients_accepted, clients_open;
  // TLS with clients: handshakes completed, of these with a session from before, failed, and closed for newer ones.
  Counter client_handshakes, client_handshakes_resumed, client_handshakes_failed, client_handshakes_dropped;
  Counter client_handshakes_open;  // not a count: connections to listen.tls that have not completed one
  Counter http2_clients_accepted, http2_requests;
  // HTTP/2 connections that were ended for their clients' conduct, by what it was (http2/misuse.h).
  Counter http2_ended_protocol, http2_ended_streams, http2_ended_resets, http2_ended_faults, http2_ended_heads;
  Counter http2_ended_continuations, http2_ended_settings, http2_ended_pings, http2_ended_empty_data;
  Counter http2_ended_priorities, http2_ended_window_updates, http2_ended_pinned, http2_ended_other;
  Counter answers_direct;      // begun without a link; not in the three above
  Counter answers_527;         // among requests_failed: not to be added to it
  Counter answers_refused;     // among requests_failed: what is not served (421, 508), at either end
  Counter forwarding_ignored;  // requests of neighbours whose X-Forwarded-* fields were dropped
  // References found, and page bytes that did not cross because of them, by page::FoundBy.
  Counter found_exact, found_address, found_shape, found_sibling, found_store, found_content;
  Counter saved_exact, saved_address, saved_shape, saved_sibling, saved_store, saved_content;
  // Answers over links that crossed whole, and their bytes there, by the reason (proxy/exchange_outcome.h).
  Counter whole_type, whole_large, whole_unkept, whole_missing, whole_unknown, whole_left;
  Counter whole_type_bytes, whole_large_bytes, whole_unkept_bytes, whole_missing_bytes, whole_unknown_bytes;
  Counter whole_left_bytes;
  Counter references_lost;  // that the listener found by content, and that were not here any more
  Counter check_failures;   // answers that could not be rebuilt
  Counter asked_again;      // times that requests were repeated
  Counter hints_sent;       // early hints from memory
  Counter answers_late;     // answers that their visitors gave up, and that were taken to their end and kept
  Counter tunnel_bytes, tunnel_link_bytes;  // of tunnels that are coded, both directions: theirs, and on the link
  // Bodies as they went to clients, by coding.
  Counter client_bytes_identity, client_bytes_gzip, client_bytes_br, client_bytes_zstd, client_bytes_dcz;
  Counter client_page_bytes;  // the same bodies before they were coded
  // Dictionaries in browsers: answers coded against one, their bodies before, dictionaries that were fetched.
  Counter answers_dcz, answers_dcz_page, answers_dcz_file, dcz_page_bytes, dictionaries_sent;
  // Requests refused because the connections to their origin were in use; not among origin_failures.
  Counter origin_refused;
  // The listener.
  Counter origin_connections, origin_reused, origin_retries, origin_failures, origin_bytes;
  Counter gunzipped;
  // Not counts: bytes that requests hold now (proxy/held_bytes.h).
  Counter held_upload, held_decoded, held_coded, held_page, held_sample;
  // Not a count: the request worked on now, or last. A sender's number; a listener's link in the upper half, its stream
  // in the lower.
  Counter current_request;

  Distributions spread;
  SiteTable sites;
  Stopwatch::Clock clock = nullptr;  // set before the worker starts
};

// Records a time or, for an answer that was coded, its sizes.
void record(Histogram& histogram, Duration time);
void record_sizes(Distributions& spread, std::uint64_t page_bytes, std::uint64_t coded_bytes, bool is_delta);

}  // namespace railgun::proxy
