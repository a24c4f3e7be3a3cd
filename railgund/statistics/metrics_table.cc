#include "railgund/statistics/metrics_table.h"

#include <algorithm>
#include <array>

#include "railgund/base/check.h"

namespace railgun::statistics {
namespace {

using Cache = page::CacheCounters;
using Store = memcached::Counters;
using Memory = MemoryUse;
using Log = LogCounters;
using Shelf = dictionary::ShelfCounts;
using Ledger = dictionary::LedgerCounts;
using Site = proxy::SiteCounters;
using Spread = proxy::Distributions;
using C = proxy::Counters;

constexpr double kNanosecond = 1e-9;
constexpr double kMillionth = 1e-6;

// clang-format off
constexpr auto kMetrics = std::to_array<Metric>({
  // Requests.
  {.member = &C::requests_started, .original = {"requests_started"}, .history = "requests",
   .prometheus = "railgun_requests_started_total", .help = "Requests received."},
  {.member = &C::requests_completed, .original = {"requests_completed"},
   .prometheus = "railgun_requests_completed_total", .help = "Requests answered completely."},
  {.member = &C::requests_failed, .json = "requests_failed", .history = "failed",
   .prometheus = "railgun_requests_failed_total",
   .help = "Requests that were cut or answered by an error of railgund, status 527 included."},
  {.member = &C::requests_aborted, .json = "requests_aborted", .prometheus = "railgun_requests_aborted_total",
   .help = "Requests whose client left before the answer was complete. They are not counted as failed."},
  {.member = &C::hints_sent, .json = "hints_sent", .prometheus = "railgun_hints_sent_total",
   .role = Role::kSender, .help = "Early hints (103) made of pages in memory (site.HOST.early_hints)."},
  {.member = &C::answers_late, .json = "answers_late", .prometheus = "railgun_answers_late_total",
   .role = Role::kSender, .help = "Answers whose client left and that were completed all the same, as references."},
  {.member = &C::asked_again, .json = "asked_again", .prometheus = "railgun_requests_repeated_total",
   .role = Role::kSender, .help = "Requests sent to a listener again, after a broken or silent link or a failed check."},
  {.member = &C::answers_delta, .json = "answers_delta", .history = "delta",
   .prometheus = "railgun_answers_total", .label = {"way", "delta"}, .help = "Answers coded against a reference."},
  {.member = &C::answers_full, .json = "answers_full", .history = "full",
   .prometheus = "railgun_answers_total", .label = {"way", "full"}, .help = "Answers compressed without a reference."},
  {.member = &C::answers_stream, .json = "answers_stream", .original = {"uncompressed_chunks"}, .history = "stream",
   .prometheus = "railgun_answers_total", .label = {"way", "stream"},
   .help = "Answers passed unchanged (images, archives, short ones)."},
  {.member = &C::answers_direct, .json = "answers_direct", .history = "direct",
   .prometheus = "railgun_answers_total", .label = {"way", "direct"}, .role = Role::kSender,
   .help = "Answers fetched directly from the origin, without a link."},
  {.member = &C::answers_527, .json = "answers_527", .original = {"no_origin_response", Role::kSender},
   .prometheus = "railgun_answers_total", .label = {"way", "527"}, .role = Role::kSender,
   .help = "Answers with status 527: no link, and no origin to ask directly."},
  {.member = &C::answers_refused, .json = "answers_refused",
   .prometheus = "railgun_answers_total", .label = {"way", "refused"}, .role = Role::kSender,
   .help = "Answers with status 421: this sender does not serve the host."},
  {.member = &C::page_bytes, .json = "page_bytes", .original = {"bytes_retrieved", Role::kSender},
   .history = "page_bytes", .prometheus = "railgun_page_bytes_total",
   .help = "Bodies of answers over links, as clients and origins see them."},
  {.member = &C::coded_bytes, .json = "coded_bytes", .history = "coded_bytes",
   .prometheus = "railgun_coded_bytes_total", .help = "What the same bodies took on the link."},
  {.member = &C::gunzipped, .json = "gunzipped", .prometheus = "railgun_answers_gunzipped_total",
   .role = Role::kListener, .help = "Answers that the origin sent in gzip and the listener decompressed."},
  {.member = &C::clients_open, .json = "clients_open", .history = "clients", .prometheus = "railgun_clients",
   .type = Type::kGauge, .role = Role::kSender, .help = "Open client connections."},
  {.member = &C::clients_accepted, .json = "clients_accepted", .prometheus = "railgun_clients_accepted_total",
   .role = Role::kSender, .help = "Client connections accepted."},
  {.member = &C::clients_rejected, .json = "clients_rejected", .prometheus = "railgun_clients_rejected_total",
   .role = Role::kSender, .help = "Client connections answered by status 503 or closed because of clients.limit or clients.per_address."},
  {.member = &C::clients_displaced, .json = "clients_displaced", .prometheus = "railgun_clients_displaced_total",
   .role = Role::kSender, .help = "Idle client connections closed to make room, because clients.limit was reached."},
  {.member = &C::http2_clients_accepted, .json = "http2_clients_accepted",
   .prometheus = "railgun_http2_clients_accepted_total", .role = Role::kSender,
   .help = "Client connections accepted that had agreed on HTTP/2 over TLS."},
  {.member = &C::http2_requests, .json = "http2_requests", .prometheus = "railgun_http2_requests_total",
   .role = Role::kSender, .help = "Requests received over HTTP/2."},
  {.member = &C::http2_ended_protocol, .json = "http2_ended_protocol", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "protocol"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of a violation of the protocol."},
  {.member = &C::http2_ended_streams, .json = "http2_ended_streams", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "streams"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of more requests at once than http2.streams."},
  {.member = &C::http2_ended_resets, .json = "http2_ended_resets", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "resets"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many cancelled requests (RST_STREAM)."},
  {.member = &C::http2_ended_faults, .json = "http2_ended_faults", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "faults"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many streams with errors."},
  {.member = &C::http2_ended_heads, .json = "http2_ended_heads", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "heads"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of oversized request heads."},
  {.member = &C::http2_ended_continuations, .json = "http2_ended_continuations", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "continuations"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many CONTINUATION frames."},
  {.member = &C::http2_ended_settings, .json = "http2_ended_settings", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "settings"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many SETTINGS frames."},
  {.member = &C::http2_ended_pings, .json = "http2_ended_pings", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "pings"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many PING frames."},
  {.member = &C::http2_ended_empty_data, .json = "http2_ended_empty_data", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "empty_data"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many empty DATA frames."},
  {.member = &C::http2_ended_priorities, .json = "http2_ended_priorities", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "priorities"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many PRIORITY and PRIORITY_UPDATE frames."},
  {.member = &C::http2_ended_window_updates, .json = "http2_ended_window_updates", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "window_updates"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many WINDOW_UPDATE frames."},
  {.member = &C::http2_ended_pinned, .json = "http2_ended_pinned", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "pinned"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many answers that were not read."},
  {.member = &C::http2_ended_other, .json = "http2_ended_other", .prometheus = "railgun_http2_ended_total",
   .label = {"reason", "other"}, .role = Role::kSender, .help = "HTTP/2 connections ended because of too many GOAWAY frames."},
  {.member = &C::client_bytes_identity, .json = "client_bytes_identity", .prometheus = "railgun_client_bytes_total",
   .label = {"coding", "identity"}, .role = Role::kSender, .help = "Bodies sent to clients as they are."},
  {.member = &C::client_bytes_gzip, .json = "client_bytes_gzip", .prometheus = "railgun_client_bytes_total",
   .label = {"coding", "gzip"}, .role = Role::kSender, .help = "Bodies sent to clients in gzip."},
  {.member = &C::client_bytes_br, .json = "client_bytes_br", .prometheus = "railgun_client_bytes_total",
   .label = {"coding", "br"}, .role = Role::kSender, .help = "Bodies sent to clients in br."},
  {.member = &C::client_bytes_zstd, .json = "client_bytes_zstd", .prometheus = "railgun_client_bytes_total",
   .label = {"coding", "zstd"}, .role = Role::kSender, .help = "Bodies sent to clients in zstd."},
  {.member = &C::client_bytes_dcz, .json = "client_bytes_dcz", .prometheus = "railgun_client_bytes_total",
   .label = {"coding", "dcz"}, .role = Role::kSender, .help = "Bodies sent to clients in zstd against a dictionary that their browser held."},
  {.member = &C::client_page_bytes, .json = "client_page_bytes", .prometheus = "railgun_client_page_bytes_total",
   .role = Role::kSender, .help = "The bodies sent to clients, before they were coded."},
  {.member = &C::answers_dcz, .json = "answers_dcz", .prometheus = "railgun_dictionary_answers_total",
   .role = Role::kSender, .help = "Answers coded against a dictionary that the visitor's browser held."},
  {.member = &C::dcz_page_bytes, .json = "dcz_page_bytes", .prometheus = "railgun_dictionary_page_bytes_total",
   .role = Role::kSender, .help = "The bodies of these answers, before they were coded."},
  {.member = &C::answers_dcz_page, .json = "answers_dcz_page", .prometheus = "railgun_dictionary_page_answers_total",
   .role = Role::kSender, .help = "Of these answers, those coded against the page that the browser got before."},
  {.member = &C::answers_dcz_file, .json = "answers_dcz_file", .prometheus = "railgun_dictionary_file_answers_total",
   .role = Role::kSender, .help = "Of these answers, scripts and styles coded against an earlier version that the browser got."},
  {.member = &Ledger::pages, .json = "browser_pages", .prometheus = "railgun_browser_pages", .type = Type::kGauge,
   .role = Role::kSender, .help = "Pages, scripts and styles that browsers are known to hold."},
  {.member = &Ledger::page_bytes, .json = "browser_page_bytes", .prometheus = "railgun_browser_page_memory_bytes", .type = Type::kGauge,
   .role = Role::kSender, .help = "Memory for these pages (browser.pages_memory)."},
  {.member = &C::dictionaries_sent, .json = "dictionaries_sent", .prometheus = "railgun_dictionaries_sent_total",
   .role = Role::kSender, .help = "Dictionaries that browsers fetched."},
  {.member = &Shelf::dictionaries, .json = "dictionaries", .prometheus = "railgun_dictionaries", .type = Type::kGauge,
   .role = Role::kSender, .help = "Dictionaries for browsers that are kept."},
  {.member = &Shelf::made, .json = "dictionaries_made", .prometheus = "railgun_dictionaries_made_total",
   .role = Role::kSender, .help = "Dictionaries made and kept since the start."},
  {.member = &Shelf::bytes, .json = "dictionary_bytes", .prometheus = "railgun_dictionary_memory_bytes",
   .type = Type::kGauge, .role = Role::kSender, .help = "Memory of dictionaries and of the pages that new ones are made from (browser.memory)."},
  // Tunnels.
  {.member = &C::tunnel_bytes, .json = "tunnel_bytes", .prometheus = "railgun_tunnel_bytes_total", .label = {"side", "tunnel"},
   .help = "Bytes of WebSockets and other upgrades over links that code them, in both directions."},
  {.member = &C::tunnel_link_bytes, .json = "tunnel_link_bytes", .prometheus = "railgun_tunnel_bytes_total", .label = {"side", "link"},
   .help = "Bytes that stood for them on links."},
  // Requests under way.
  {.member = &C::held_upload, .json = "held_upload_bytes", .prometheus = "railgun_held_bytes",
   .label = {"kind", "upload"}, .type = Type::kGauge, .help = "Bytes of uploads that requests hold for a slow origin or link."},
  {.member = &C::held_decoded, .json = "held_decoded_bytes", .prometheus = "railgun_held_bytes",
   .label = {"kind", "decoded"}, .type = Type::kGauge, .help = "Bytes of answers that requests hold, before they are coded or after they are rebuilt."},
  {.member = &C::held_coded, .json = "held_coded_bytes", .prometheus = "railgun_held_bytes",
   .label = {"kind", "coded"}, .type = Type::kGauge, .help = "Coded bytes of answers that requests hold for a slow link or client."},
  {.member = &C::held_page, .json = "held_page_bytes", .prometheus = "railgun_held_bytes",
   .label = {"kind", "page"}, .type = Type::kGauge, .help = "Bytes of pages under way that may be kept as versions."},
  {.member = &C::held_sample, .json = "held_sample_bytes", .prometheus = "railgun_held_bytes",
   .label = {"kind", "sample"}, .type = Type::kGauge, .help = "Bytes of pages under way that a dictionary may be made from."},
  // Links.
  {.member = &C::link_bytes_sent, .original = {"wan_bytes_sent"}, .history = "link_bytes",
   .prometheus = "railgun_link_bytes_total", .label = {"way", "sent"}, .help = "Bytes sent on links."},
  {.member = &C::link_bytes_received, .json = "wan_bytes_received", .history = "link_bytes",
   .prometheus = "railgun_link_bytes_total", .label = {"way", "received"}, .help = "Bytes received on links."},
  {.member = &C::links_opened, .original = {"wan_starts"},
   .prometheus = "railgun_links_opened_total", .help = "Links that came up."},
  {.member = &C::links_closed, .original = {"wan_stops"},
   .prometheus = "railgun_links_closed_total", .help = "Links that went down."},
  {.member = &C::handshakes_open, .json = "handshakes_open", .prometheus = "railgun_handshakes",
   .type = Type::kGauge, .help = "Connections to the link port that have not completed the TLS handshake."},
  {.member = &C::handshakes_dropped, .json = "handshakes_dropped", .prometheus = "railgun_handshakes_dropped_total",
   .help = "Connections to the link port that were closed for newer ones before they completed it (link.handshakes)."},
  {.member = &C::client_handshakes, .json = "client_handshakes", .prometheus = "railgun_client_handshakes_total",
   .label = {"result", "completed"}, .role = Role::kSender, .help = "TLS handshakes that clients completed."},
  {.member = &C::client_handshakes_failed, .json = "client_handshakes_failed",
   .prometheus = "railgun_client_handshakes_total", .label = {"result", "failed"}, .role = Role::kSender,
   .help = "Connections to listen.tls that ended before the TLS handshake was complete."},
  {.member = &C::client_handshakes_dropped, .json = "client_handshakes_dropped",
   .prometheus = "railgun_client_handshakes_total", .label = {"result", "dropped"}, .role = Role::kSender,
   .help = "Connections to listen.tls that were closed for newer ones before they completed it (tls.handshakes)."},
  {.member = &C::client_handshakes_resumed, .json = "client_handshakes_resumed",
   .prometheus = "railgun_client_handshakes_resumed_total", .role = Role::kSender,
   .help = "TLS handshakes with clients that resumed a session from before."},
  {.member = &C::client_handshakes_open, .json = "client_handshakes_open", .prometheus = "railgun_client_handshakes",
   .type = Type::kGauge, .role = Role::kSender,
   .help = "Connections to listen.tls that have not completed the TLS handshake."},
  {.member = &C::descriptors_refused, .json = "descriptors_refused", .prometheus = "railgun_descriptors_refused_total",
   .help = "Connections not accepted or not opened because their share of the limit of open files was used up."},
  {.member = &Log::dropped_lines, .json = "dropped_log_lines", .prometheus = "railgun_dropped_log_lines_total",
   .help = "Lines lost because the log was not written fast enough."},
  {.member = &Log::dropped_access_lines, .json = "dropped_access_lines",
   .prometheus = "railgun_dropped_access_lines_total", .role = Role::kSender,
   .help = "Lines of the access log lost because they were not written fast enough, or could not be written."},
  // References and the page cache.
  {.member = &C::references_named, .json = "references_named", .prometheus = "railgun_references_named_total",
   .help = "Requests that named a reference."},
  {.member = &C::references_found, .json = "references_found", .prometheus = "railgun_references_found_total",
   .help = "Requests whose reference both ends had."},
  {.member = &C::found_exact, .json = "found_exact", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "exact"}, .role = Role::kSender, .help = "Answers whose reference is the same page (host, path, query, language and cookie names)."},
  {.member = &C::found_address, .json = "found_address", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "address"}, .role = Role::kSender, .help = "Answers whose reference is the same address."},
  {.member = &C::found_shape, .json = "found_shape", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "shape"}, .role = Role::kSender, .help = "Answers whose reference is an address that differs in numbers, hashes or the order of parameters."},
  {.member = &C::found_sibling, .json = "found_sibling", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "sibling"}, .role = Role::kSender, .help = "Answers whose reference is another page of the folder."},
  {.member = &C::found_store, .json = "found_store", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "store"}, .role = Role::kSender, .help = "Answers whose reference is the same page, from memcached."},
  {.member = &C::found_content, .json = "found_content", .prometheus = "railgun_references_used_total",
   .label = {"found_by", "content"}, .role = Role::kSender, .help = "Answers whose reference the listener found by the content of the page."},
  {.member = &C::saved_exact, .json = "saved_exact_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "exact"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::saved_address, .json = "saved_address_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "address"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::saved_shape, .json = "saved_shape_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "shape"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::saved_sibling, .json = "saved_sibling_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "sibling"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::saved_store, .json = "saved_store_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "store"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::saved_content, .json = "saved_content_bytes", .prometheus = "railgun_reference_saved_bytes_total",
   .label = {"found_by", "content"}, .role = Role::kSender, .help = "Page bytes minus coded bytes of these."},
  {.member = &C::whole_type, .json = "whole_type", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "type"}, .role = Role::kSender, .help = "Answers over links that crossed whole because they are no text (images, archives)."},
  {.member = &C::whole_large, .json = "whole_large", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "too_large"}, .role = Role::kSender, .help = "The same, because they are larger than reference.page_limit."},
  {.member = &C::whole_unkept, .json = "whole_unkept", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "not_kept"}, .role = Role::kSender, .help = "The same, because they may not be kept (Cache-Control, reference.no_store) or there was no room."},
  {.member = &C::whole_missing, .json = "whole_missing", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "missing"}, .role = Role::kSender, .help = "The same, because the listener had none of the references that the sender named."},
  {.member = &C::whole_unknown, .json = "whole_unknown", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "unknown"}, .role = Role::kSender, .help = "The same, because no reference was known: first visits."},
  {.member = &C::whole_left, .json = "whole_left", .prometheus = "railgun_whole_answers_total",
   .label = {"reason", "left"}, .role = Role::kSender, .help = "The same, because their visitors left and they were not kept."},
  {.member = &C::whole_type_bytes, .json = "whole_type_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "type"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::whole_large_bytes, .json = "whole_large_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "too_large"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::whole_unkept_bytes, .json = "whole_unkept_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "not_kept"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::whole_missing_bytes, .json = "whole_missing_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "missing"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::whole_unknown_bytes, .json = "whole_unknown_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "unknown"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::whole_left_bytes, .json = "whole_left_bytes", .prometheus = "railgun_whole_bytes_total",
   .label = {"reason", "left"}, .role = Role::kSender, .help = "Bytes on links of these."},
  {.member = &C::references_lost, .json = "references_lost", .prometheus = "railgun_references_lost_total",
   .role = Role::kSender, .help = "Requests that were sent again because the listener had found a reference by content that this sender did not have any more."},
  {.member = &C::check_failures, .json = "check_failures", .prometheus = "railgun_check_failures_total",
   .role = Role::kSender, .help = "Answers that could not be rebuilt or whose check failed."},
  {.member = &C::forwarding_ignored, .json = "forwarding_ignored", .prometheus = "railgun_forwarding_ignored_total",
   .role = Role::kSender, .help = "Requests from inner addresses whose X-Forwarded-* fields were dropped."},
  {.member = &Cache::versions, .json = "references", .prometheus = "railgun_references", .type = Type::kGauge,
   .help = "Page versions in memory."},
  {.member = &Cache::bytes, .json = "reference_bytes", .history = "reference_bytes",
   .prometheus = "railgun_reference_bytes", .type = Type::kGauge, .help = "Memory that these take."},
  {.member = &Memory::reference_limit_bytes, .json = "reference_limit_bytes",
   .prometheus = "railgun_reference_limit_bytes", .type = Type::kGauge,
   .help = "Memory that these may take (memory.limit)."},
  {.member = &Cache::packed_versions, .json = "packed_references", .prometheus = "railgun_packed_references",
   .type = Type::kGauge, .help = "Of these versions: those whose page is packed, for want of room."},
  {.member = &Cache::prepared_bytes, .json = "prepared_bytes", .prometheus = "railgun_prepared_bytes",
   .type = Type::kGauge,
   .help = "Of railgun_reference_bytes, memory for tables prepared for coding (memory.prepared_percent)."},
  {.member = &Cache::prepared_drops, .json = "prepared_drops", .prometheus = "railgun_prepared_drops_total",
   .help = "Times that such tables were dropped to make room. They are made again when needed, at a cost of CPU time."},
  {.member = &Cache::hits, .json = "cache_hits", .prometheus = "railgun_cache_hits_total",
   .help = "Look-ups of page versions in memory that found one."},
  {.member = &Cache::misses, .json = "cache_misses", .prometheus = "railgun_cache_misses_total",
   .help = "Look-ups of page versions in memory that found none."},
  {.member = &Cache::insertions, .json = "cache_insertions", .prometheus = "railgun_cache_insertions_total",
   .help = "Page versions kept in memory."},
  {.member = &Cache::evictions, .json = "cache_evictions", .prometheus = "railgun_cache_evictions_total",
   .help = "Page versions removed from memory to make room."},
  {.member = &Cache::refused, .json = "cache_refused", .prometheus = "railgun_cache_refused_total",
   .help = "Page versions not kept: too large, or requested less often than those they would replace."},
  // Memory.
  {.member = &Memory::resident_bytes, .history = "resident_bytes", .prometheus = "railgun_resident_bytes",
   .type = Type::kGauge, .help = "Resident memory of the process (memstats.sys of the JSON)."},
  {.member = &Memory::allocated_bytes, .prometheus = "railgun_allocated_bytes", .type = Type::kGauge,
   .help = "Memory that the program has allocated (memstats.alloc of the JSON; 0 in the portable build)."},
  {.member = &Memory::overload_step, .json = "overload_step", .prometheus = "railgun_overload_step", .type = Type::kGauge,
   .help = "What a shortage of memory has stopped. 0: nothing. 1: prepared tables. 2: keeping versions. 3: deltas. 4: accepting "
           "connections. 5: serving (status 503)."},
  // memcached.
  {.member = &C::store_gets, .json = "store_gets", .prometheus = "railgun_store_gets_total",
   .help = "Look-ups that requests made in memcached."},
  {.member = &C::store_hits, .json = "store_hits", .prometheus = "railgun_store_hits_total",
   .help = "Look-ups whose result could be used."},
  {.member = &C::store_puts, .json = "store_puts", .prometheus = "railgun_store_puts_total",
   .help = "Page versions handed to memcached."},
  {.member = &Store::hits, .json = "memcached_hits", .prometheus = "railgun_memcached_hits_total",
   .help = "Keys that memcached had."},
  {.member = &Store::misses, .json = "memcached_misses", .prometheus = "railgun_memcached_misses_total",
   .help = "Keys that memcached did not have."},
  {.member = &Store::stored, .json = "memcached_stored", .prometheus = "railgun_memcached_stored_total",
   .help = "Items that memcached stored."},
  {.member = &Store::timeouts, .json = "memcached_timeouts", .prometheus = "railgun_store_errors_total",
   .label = {"kind", "timeout"}, .help = "Operations that memcached did not finish in time."},
  {.member = &Store::failures, .json = "memcached_failures", .prometheus = "railgun_store_errors_total",
   .label = {"kind", "failure"}, .help = "Operations that failed otherwise."},
  {.member = &Store::too_large, .json = "memcached_too_large", .prometheus = "railgun_memcached_too_large_total",
   .help = "Items over memcached.limit or over the server's limit."},
  {.member = &Store::refused_gets, .json = "memcached_refused_gets",
   .prometheus = "railgun_memcached_refused_gets_total",
   .help = "Look-ups not sent: the queue is full, memcached is down, or they waited too long."},
  {.member = &Store::dropped_puts, .json = "memcached_dropped_puts",
   .prometheus = "railgun_memcached_dropped_puts_total", .help = "Writes not sent, for the same reasons."},
  {.member = &Store::queued_items, .json = "memcached_queued_items", .prometheus = "railgun_memcached_queued_items",
   .type = Type::kGauge, .help = "Operations waiting for memcached."},
  {.member = &Store::queued_bytes, .json = "memcached_queued_bytes", .prometheus = "railgun_memcached_queued_bytes",
   .type = Type::kGauge, .help = "Bytes of these."},
  // Origins.
  {.member = &C::origin_connections, .json = "origin_connections", .prometheus = "railgun_origin_connections_total",
   .help = "Connections opened to origins."},
  {.member = &C::origin_reused, .json = "origin_reused", .prometheus = "railgun_origin_reused_total",
   .help = "Requests sent over an origin connection that was already open."},
  {.member = &C::origin_retries, .original = {"origin_retries"}, .prometheus = "railgun_origin_retries_total",
   .help = "Requests repeated on a new origin connection."},
  {.member = &C::origin_failures, .json = "origin_failures", .original = {"no_origin_response", Role::kListener},
   .prometheus = "railgun_origin_failures_total", .help = "Requests that no origin answered."},
  {.member = &C::origin_refused, .json = "origin_refused", .prometheus = "railgun_origin_refused_total",
   .help = "Requests refused because the connections to their origin were in use (origin.connections)."},
  {.member = &C::origin_bytes, .json = "origin_bytes", .original = {"bytes_retrieved", Role::kListener},
   .prometheus = "railgun_origin_bytes_total", .help = "Bytes received from origins."},
});

constexpr auto kSiteMetrics = std::to_array<SiteMetric>({
  {&Site::requests, &SiteTotals::requests, "requests", "railgun_site_requests_total", {}, "Requests by host."},
  {&Site::delta, &SiteTotals::delta, "delta", "railgun_site_answers_total", {"way", "delta"}, "As railgun_answers_total, by host."},
  {&Site::full, &SiteTotals::full, "full", "railgun_site_answers_total", {"way", "full"}, "The same."},
  {&Site::stream, &SiteTotals::stream, "stream", "railgun_site_answers_total", {"way", "stream"}, "The same."},
  {&Site::direct, &SiteTotals::direct, "direct", "railgun_site_answers_total", {"way", "direct"}, "The same."},
  {&Site::failed, &SiteTotals::failed, "failed", "railgun_site_answers_total", {"way", "failed"}, "As railgun_requests_failed_total, by host."},
  {&Site::page_bytes, &SiteTotals::page_bytes, "page_bytes", "railgun_site_page_bytes_total", {}, "As railgun_page_bytes_total, by host."},
  {&Site::coded_bytes, &SiteTotals::coded_bytes, "coded_bytes", "railgun_site_coded_bytes_total", {}, "As railgun_coded_bytes_total, by host."},
  {&Site::saved_exact, &SiteTotals::saved_exact, "saved_exact_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "exact"}, "As railgun_reference_saved_bytes_total, by host.", Role::kSender},
  {&Site::saved_address, &SiteTotals::saved_address, "saved_address_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "address"}, "The same.", Role::kSender},
  {&Site::saved_shape, &SiteTotals::saved_shape, "saved_shape_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "shape"}, "The same.", Role::kSender},
  {&Site::saved_sibling, &SiteTotals::saved_sibling, "saved_sibling_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "sibling"}, "The same.", Role::kSender},
  {&Site::saved_store, &SiteTotals::saved_store, "saved_store_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "store"}, "The same.", Role::kSender},
  {&Site::saved_content, &SiteTotals::saved_content, "saved_content_bytes", "railgun_site_reference_saved_bytes_total", {"found_by", "content"}, "The same.", Role::kSender},
  {&Site::whole_type_bytes, &SiteTotals::whole_type_bytes, "whole_type_bytes", "railgun_site_whole_bytes_total", {"reason", "type"}, "As railgun_whole_bytes_total, by host.", Role::kSender},
  {&Site::whole_large_bytes, &SiteTotals::whole_large_bytes, "whole_large_bytes", "railgun_site_whole_bytes_total", {"reason", "too_large"}, "The same.", Role::kSender},
  {&Site::whole_unkept_bytes, &SiteTotals::whole_unkept_bytes, "whole_unkept_bytes", "railgun_site_whole_bytes_total", {"reason", "not_kept"}, "The same.", Role::kSender},
  {&Site::whole_missing_bytes, &SiteTotals::whole_missing_bytes, "whole_missing_bytes", "railgun_site_whole_bytes_total", {"reason", "missing"}, "The same.", Role::kSender},
  {&Site::whole_unknown_bytes, &SiteTotals::whole_unknown_bytes, "whole_unknown_bytes", "railgun_site_whole_bytes_total", {"reason", "unknown"}, "The same.", Role::kSender},
  {&Site::whole_left_bytes, &SiteTotals::whole_left_bytes, "whole_left_bytes", "railgun_site_whole_bytes_total", {"reason", "left"}, "The same.", Role::kSender},
});

constexpr auto kSpreadMetrics = std::to_array<SpreadMetric>({
  {&Spread::total_time, &SpreadTotals::total_time, "latency_seconds", "total", "railgun_latency_seconds", {"phase", "total"},
   kNanosecond, Role::kBoth, "From the head of a request to the last byte of its answer."},
  {&Spread::link_time, &SpreadTotals::link_time, "latency_seconds", "link", "railgun_latency_seconds", {"phase", "link"},
   kNanosecond, Role::kSender, "From sending the request on a link to the head of the answer: line, listener, origin."},
  {&Spread::origin_time, &SpreadTotals::origin_time, "latency_seconds", "origin", "railgun_latency_seconds", {"phase", "origin"},
   kNanosecond, Role::kBoth, "From the request to the head of the origin's answer, measured beside the origin."},
  {&Spread::store_time, &SpreadTotals::store_time, "latency_seconds", "store", "railgun_latency_seconds", {"phase", "store"},
   kNanosecond, Role::kBoth, "Waiting for memcached."},
  {&Spread::decode_time, &SpreadTotals::decode_time, "latency_seconds", "decode", "railgun_latency_seconds", {"phase", "decode"},
   kNanosecond, Role::kSender, "CPU time to rebuild one answer."},
  {&Spread::compress_time, &SpreadTotals::compress_time, "latency_seconds", "compress", "railgun_latency_seconds",
   {"phase", "compress"}, kNanosecond, Role::kSender, "CPU time to compress one answer for its client."},
  {&Spread::encode_time, &SpreadTotals::encode_time, "latency_seconds", "encode", "railgun_latency_seconds", {"phase", "encode"},
   kNanosecond, Role::kListener, "CPU time to code one answer."},
  {&Spread::page_bytes, &SpreadTotals::page_bytes, nullptr, "page_size_bytes", "railgun_page_size_bytes", {}, 1, Role::kBoth,
   "Sizes of pages that were coded, as deltas or compressed."},
  {&Spread::delta_bytes, &SpreadTotals::delta_bytes, nullptr, "delta_size_bytes", "railgun_delta_size_bytes", {}, 1, Role::kBoth,
   "Sizes of deltas."},
  {&Spread::delta_parts, &SpreadTotals::delta_parts, nullptr, "delta_ratio", "railgun_delta_ratio", {}, kMillionth, Role::kBoth,
   "Size of a delta divided by the size of its page."},
});

constexpr auto kFamilies = std::to_array<Family>({
  {"railgun_answers_total", "Answers by the way they took."},
  {"railgun_client_bytes_total", "Bodies sent to clients, by coding."},
  {"railgun_held_bytes", "Bytes that requests under way hold."},
  {"railgun_tunnel_bytes_total", "Bytes of tunnels that are coded, as they are and on links."},
  {"railgun_http2_ended_total", "HTTP/2 connections ended because of their clients' conduct, by what it was."},
  {"railgun_client_handshakes_total", "Connections of clients to listen.tls, by what became of the TLS handshake."},
  {"railgun_link_bytes_total", "Bytes on links."},
  {"railgun_store_errors_total", "Operations that memcached did not carry out."},
  {"railgun_references_used_total", "Answers coded against a reference, by how the sender found it."},
  {"railgun_reference_saved_bytes_total", "Page bytes that did not cross the link because of these references."},
  {"railgun_whole_answers_total", "Answers over links that crossed whole, by the reason."},
  {"railgun_whole_bytes_total", "What these took on links."},
  {"railgun_site_answers_total", "Answers by host and way; failed: cut, or an error of railgund."},
  {"railgun_latency_seconds", "Where the time of requests goes."},
});
// clang-format on

// Calls apply(value, member) for each row whose number is such a member.
template <typename MemberPointer, typename Apply>
void for_rows(std::vector<std::uint64_t>& values, Apply apply) {
  for (std::size_t row = 0; row < kMetrics.size(); ++row) {
    if (const auto* member = std::get_if<MemberPointer>(&kMetrics[row].member)) apply(values[row], *member);
  }
}

std::size_t row_of(Member member) {
  const auto found =
      std::find_if(kMetrics.begin(), kMetrics.end(), [&](const Metric& metric) { return metric.member == member; });
  RAILGUN_CHECK(found != kMetrics.end());
  return static_cast<std::size_t>(found - kMetrics.begin());
}

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }
std::span<const SiteMetric> site_metrics() { return kSiteMetrics; }
std::span<const SpreadMetric> spread_metrics() { return kSpreadMetrics; }
std::span<const Family> families() { return kFamilies; }

Numbers::Numbers() : values_(kMetrics.size()) {}

std::uint64_t Numbers::operator[](Member member) const { return values_[row_of(member)]; }
std::uint64_t& Numbers::operator[](Member member) { return values_[row_of(member)]; }

void Numbers::add(const proxy::Counters& counters) {
  for_rows<proxy::Counter proxy::Counters::*>(
      values_, [&](std::uint64_t& value, auto member) { value += (counters.*member).get(); });
}

void Numbers::set(const page::CacheCounters& counters) {
  for_rows<std::uint64_t page::CacheCounters::*>(values_,
                                                 [&](std::uint64_t& value, auto member) { value = counters.*member; });
}

void Numbers::set(const memcached::Counters& counters) {
  for_rows<std::uint64_t memcached::Counters::*>(values_,
                                                 [&](std::uint64_t& value, auto member) { value = counters.*member; });
}

void Numbers::set(const dictionary::ShelfCounts& counts) {
  for_rows<std::uint64_t dictionary::ShelfCounts::*>(
      values_, [&](std::uint64_t& value, auto member) { value = counts.*member; });
}

void Numbers::set(const dictionary::LedgerCounts& counts) {
  for_rows<std::uint64_t dictionary::LedgerCounts::*>(
      values_, [&](std::uint64_t& value, auto member) { value = counts.*member; });
}

void Numbers::set(const LogCounters& counters) {
  for_rows<std::uint64_t LogCounters::*>(values_, [&](std::uint64_t& value, auto member) { value = counters.*member; });
}

void Numbers::set(const MemoryUse& use) {
  for_rows<std::uint64_t MemoryUse::*>(values_, [&](std::uint64_t& value, auto member) { value = use.*member; });
}

}  // namespace railgun::statistics
