#include "railgund/statistics/totals.h"

#include <algorithm>

namespace railgun::statistics {
namespace {

void add_spread(SpreadTotals& totals, const proxy::Distributions& spread) {
  totals.total_time.add(spread.total_time);
  totals.link_time.add(spread.link_time);
  totals.origin_time.add(spread.origin_time);
  totals.store_time.add(spread.store_time);
  totals.encode_time.add(spread.encode_time);
  totals.decode_time.add(spread.decode_time);
  totals.page_bytes.add(spread.page_bytes);
  totals.delta_bytes.add(spread.delta_bytes);
  totals.delta_parts.add(spread.delta_parts);
}

void add_site(Totals& totals, const proxy::SiteCounters& site) {
  if (site.requests.get() == 0) return;
  SiteTotals& sum = totals.sites[site.host];
  sum.requests += site.requests.get();
  sum.delta += site.delta.get();
  sum.full += site.full.get();
  sum.stream += site.stream.get();
  sum.direct += site.direct.get();
  sum.failed += site.failed.get();
  sum.page_bytes += site.page_bytes.get();
  sum.coded_bytes += site.coded_bytes.get();
}

// The peer's place in the sorted list, made if there is room.
PeerTotals& peer_of(std::vector<PeerTotals>& peers, const std::string& name) {
  const auto find = [&](const std::string& sought) {
    return std::lower_bound(peers.begin(), peers.end(), sought,
                            [](const PeerTotals& peer, const std::string& other) { return peer.peer < other; });
  };
  auto at = find(name);
  if (at != peers.end() && at->peer == name) return *at;
  const std::string other(proxy::SiteTable::kOther);
  const bool has_room = peers.size() < kMostPeers;
  if (!has_room) at = find(other);
  if (has_room || at == peers.end() || at->peer != other)
    at = peers.insert(at, PeerTotals{.peer = has_room ? name : other, .round_trip = {}});
  return *at;
}

}  // namespace

void add_counters(Totals& totals, const proxy::Counters& c) {
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
  add_spread(totals.spread, c.spread);
  c.sites.each([&](const proxy::SiteCounters& site) { add_site(totals, site); });
}

void add_links(Totals& totals, const std::vector<proxy::LinkStatus>& links) {
  for (const proxy::LinkStatus& link : links) {
    PeerTotals& peer = peer_of(totals.peers, link.peer);
    ++peer.links;
    if (link.up) ++peer.up;
    peer.streams += link.streams;
    if (link.round_trip && (!peer.round_trip || *link.round_trip < *peer.round_trip)) peer.round_trip = link.round_trip;
  }
}

std::uint64_t saved_bytes(std::uint64_t page_bytes, std::uint64_t coded_bytes) {
  return page_bytes > coded_bytes ? page_bytes - coded_bytes : 0;
}

}  // namespace railgun::statistics
