// What an exchange may do: everything else of the core is out of its reach. Made for each call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "railgund/config/value.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/router.h"

namespace railgun::proxy {

class Ports {
 public:
  Ports(Router& router, ExchangeId self) : router_(router), self_(self) {}

  Instant now() const { return router_.context.now; }
  std::optional<WallTime> time_of_day() const { return router_.context.time_of_day(); }
  page::Cache& cache() const { return router_.context.cache; }
  // That of our settings (Link::may_find_content).
  std::uint64_t isolation() const { return router_.context.isolation; }
  Counters& counters() const { return router_.context.counters; }
  // What all requests of this worker hold of answers, before they are coded and after (held_limits.h).
  std::size_t held_decoded() const { return router_.context.counters.held_decoded.get(); }
  std::size_t held_coded() const { return router_.context.counters.held_coded.get(); }
  bool has_store() const { return router_.context.has_store; }
  bool logs(LogLevel level) const { return router_.context.logs(level); }
  void log(LogLevel level, std::string text) const { router_.context.log(level, std::move(text)); }
  void log_limited(FrequentError kind, std::string text) const { router_.context.log_limited(kind, std::move(text)); }
  // One of the requests that may leave before enough of their body is here; nothing if there are `most` already.
  std::optional<Share> stream_request(std::size_t most) const {
    return Share::take(router_.context.streamed_requests, most);
  }
  // The most tunnels of a worker that are coded in a context at a time (tunnel::kEncoderContextBytes each: 16 MB).
  static constexpr std::size_t kMostTunnelContexts = 96;
  // One of these; nothing if there are so many, or memory is short.
  std::optional<Share> tunnel_context() const {
    if (cache().shortage() >= page::Shortage::kKeepNothing) return std::nullopt;
    return Share::take(router_.context.tunnel_contexts, kMostTunnelContexts);
  }
  void count_tunnel(std::uint64_t bytes, std::uint64_t link_bytes) const {
    counters().tunnel_bytes.add(bytes);
    counters().tunnel_link_bytes.add(link_bytes);
  }
  void store_put(StorePut put) const {
    router_.context.counters.store_puts.add();
    router_.context.add(std::move(put));
  }
  // See page::Sharing.
  bool was_received(const Id128& page, const Id128& version, const Id128& visitor) const {
    Context& context = router_.context;
    return context.sharing.received(page, version, visitor, context.config->isolate_shared_by);
  }
  // See page::CommonText. `link`: that the text was answered on. Nothing if that is gone.
  std::optional<Bytes> common_text(ConnectionId link, const Id128& page, page::CommonText::Text& text,
                                   const page::CommonText::Visitor& visitor) const {
    if (find_link(link) == nullptr) return std::nullopt;
    Context& context = router_.context;
    context.common_text.set_limit(context.common_share.limit(context.cache));
    auto common = context.common_text.received({.link = static_cast<std::uint64_t>(link), .page = page}, text, visitor,
                                               context.config->isolate_shared_by, now());
    context.common_share.set(context.cache, context.common_text.bytes());
    return common;
  }
  void log_access(AccessRecord record) const {
    router_.context.add(LogAccess{std::make_shared<const AccessRecord>(std::move(record))});
  }
  void prepare(Prepare prepare) const { router_.context.add(std::move(prepare)); }
  void refresh(RefreshDictionary refresh) const { router_.context.add(refresh); }

  // Links: as Peers has them.
  const Link* pick_link(const std::vector<Endpoint>& endpoints, std::string_view host) const {
    return router_.peers.pick(endpoints, host, now());
  }
  Duration reachable(const Endpoint& listener) const { return router_.peers.reachable(listener, now()); }
  const Link* find_link(ConnectionId id) const { return router_.peers.find(id); }
  void count_lost_reference(ConnectionId link) const { router_.peers.count_lost_reference(link, now()); }
  void count_asset(ConnectionId link) const { router_.peers.count_asset(link, now()); }
  bool is_link_pending(const std::vector<Endpoint>& endpoints) const { return router_.peers.is_pending(endpoints); }
  NoLinkReason no_link_reason(const std::vector<Endpoint>& endpoints, std::string_view host) const {
    return router_.peers.no_link_reason(endpoints, host);
  }
  Result<LinkStream> open_stream(const Link& link, ByteView prelude, const Fields& fields) const {
    return router_.peers.open(link.id, self_, prelude, fields);
  }

  // `link`: that the request came over; 0: none.
  OriginCall ask_origin(const config::MappedOrigin& origin, http::Request request, std::uint64_t link) const {
    Claimant claimant{.link = link,
                      .site = std::string(host_name(request.host)),
                      .visitor = config::network_of(visitor_address(request.fields))};
    return router_.origins.begin(self_, origin, std::move(request), std::move(claimant));
  }
  StoreLookup look_up(std::string key) const { return router_.lookups.begin(self_, std::move(key)); }
  StoreLookup read_challenge(std::string folder, std::string token) const {
    return router_.lookups.begin_challenge(self_, std::move(folder), std::move(token));
  }

 private:
  Router& router_;
  ExchangeId self_;
};

}  // namespace railgun::proxy
