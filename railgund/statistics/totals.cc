#include "railgund/statistics/totals.h"

#include <algorithm>

namespace railgun::statistics {
namespace {

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

void add_counters(Totals& totals, const proxy::Counters& counters) {
  totals.numbers.add(counters);
  for (const SpreadMetric& metric : spread_metrics()) {
    (totals.spread.*metric.total).add(counters.spread.*metric.histogram);
  }
  counters.sites.each([&](const proxy::SiteCounters& site) {
    if (site.requests.get() == 0) return;
    SiteTotals& sum = totals.sites[site.host];
    for (const SiteMetric& metric : site_metrics()) sum.*metric.total += (site.*metric.counter).get();
  });
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
