// Which link a request takes, and what comes on the streams; the links themselves are in peers_links.cc.
#include "railgund/proxy/peers.h"

#include <algorithm>
#include <functional>
#include <type_traits>
#include <utility>

#include "railgund/base/text.h"

namespace railgun::proxy {

bool allows(const std::vector<std::string>& hosts, std::string_view host) {
  return hosts.empty() || std::any_of(hosts.begin(), hosts.end(), [&](const std::string& allowed) {
           if (allowed.starts_with("*."))
             return host.size() > allowed.size() - 1 && host.ends_with(std::string_view(allowed).substr(1));
           return allowed == host;
         });
}

link::Limits Peers::limits() const {
  link::Limits limits;
  limits.streams = context_.config->link_streams;
  limits.stream_window_bytes = context_.config->link_stream_window_bytes;
  limits.link_window_bytes = context_.config->link_window_bytes;
  limits.link_queue_bytes = context_.config->link_queue_bytes;
  limits.idle_timeout = context_.config->link_idle_timeout;
  limits.ping_timeout = context_.config->link_ping_timeout;
  return limits;
}

void Peers::keep(const std::vector<Endpoint>& endpoints, unsigned lanes, Instant now) {
  for (const ConnectionId id : ids()) {
    Link& link = links_.at(id);
    link.mux_.set_keepalive(context_.config->link_idle_timeout, context_.config->link_ping_timeout);
    update(link, now);
  }
  for (const Lanes::Lane& lane : lanes_.keep(endpoints, lanes, now)) {
    for (const ConnectionId attempt : lane.attempts) discard(attempt);
    if (Link* link = lane.link ? find_link(*lane.link) : nullptr) {
      link->mux_.go_away("no longer in the configuration");
      update(*link, now);
    }
  }
  while (const Lanes::Lane* lane = lanes_.due(now)) dial(*lane, now);
}

Link& Peers::add_link(ConnectionId id, std::optional<Endpoint> peer, Instant now) {
  const link::AskingProcess process{.number = process_, .rules = context_.isolation};
  link::Mux mux(role_, limits(), greeting_, now, process);
  Link& link = links_.try_emplace(id, id, std::move(mux), std::move(peer), now).first->second;
  link.process = process;
  return link;
}

void Peers::dial(const Lanes::Lane& lane, Instant now) {
  const ConnectionId id = context_.new_connection();
  const Endpoint endpoint = lane.endpoint;
  if (const auto discarded = lanes_.started(lane, id, now)) discard(*discarded);
  Link& link = add_link(id, endpoint, now);
  link.peer_name = to_string(endpoint);
  context_.add(Dial{.connection = id,
                    .kind = ConnectionKind::kLink,
                    .endpoint = endpoint,
                    .secure = context_.config->wan_tls,
                    .server_name = endpoint.host,
                    .deadline = now + context_.config->link_connect_timeout});
}

void Peers::discard(ConnectionId id) {
  if (links_.erase(id) == 0) return;
  deadlines_.remove(id);
  context_.add(Close{.connection = id, .final_bytes = {}});
}

Link* Peers::find_link(ConnectionId id) {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : &found->second;
}

const Link* Peers::find(ConnectionId id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : &found->second;
}

Peers::Quality Peers::quality(const Link& link) {
  if (link.is_silent) return Quality::kSilent;
  return link.mux_.is_retiring() ? Quality::kRetiring : Quality::kGood;
}

const Link* Peers::pick(const std::vector<Endpoint>& endpoints, std::string_view host, Instant now) const {
  for (const Quality wanted : {Quality::kGood, Quality::kRetiring, Quality::kSilent}) {
    if (const Link* link = pick(endpoints, host, wanted, now)) return link;
  }
  return nullptr;
}

const Link* Peers::pick(const std::vector<Endpoint>& endpoints, std::string_view host, Quality wanted,
                        Instant now) const {
  const auto rank = [&](const Link& link) { return std::pair(link.load_.is_heavy(now), link.mux_.open_streams()); };
  const auto least_busy = [&](auto&& matches) {
    const Link* best = nullptr;
    for (const auto& [id, link] : links_) {
      if (!link.greeting || !link.mux_.can_open() || quality(link) != wanted) continue;
      if (!matches(link) || !allows(link.hosts, host)) continue;
      if (best == nullptr || rank(link) < rank(*best)) best = &link;
    }
    return best;
  };
  for (const Endpoint& endpoint : endpoints) {
    if (const Link* link = least_busy([&](const Link& candidate) { return candidate.endpoint == endpoint; }))
      return link;
  }
  return least_busy([](const Link& candidate) { return !candidate.endpoint; });
}

Duration Peers::reachable(const Endpoint& endpoint, Instant now) const {
  const auto found = std::ranges::find_if(
      links_, [&](const auto& named) { return named.second.greeting && named.second.endpoint == endpoint; });
  return found == links_.end() ? Duration::zero() : now - found->second.reached;
}

bool Peers::is_pending(const std::vector<Endpoint>& endpoints) const { return lanes_.is_pending(endpoints); }

NoLinkReason Peers::no_link_reason(const std::vector<Endpoint>& endpoints, std::string_view host) const {
  const auto named = [&](const Endpoint& endpoint) {
    return std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
  };
  bool is_leaving = false;
  bool is_full = false;
  for (const auto& [id, link] : links_) {
    if (!link.greeting || (link.endpoint && !named(*link.endpoint))) continue;
    if (allows(link.hosts, host)) {
      (link.mux_.is_going_away() ? is_leaving : is_full) = true;
    } else if (link.endpoint) {
      return {"its listener's certificate is not for this host",
              "the link to " + link.peer_name + " is up, but its certificate is for " + join(link.hosts) +
                  " and not for " + std::string(host) + ": make a railgun with --host " + std::string(host) +
                  " and activate the listener with its token, or give it a certificate with that name, or with none"};
    }
  }
  if (is_full) return {"every link is busy", "every link to it carries link.streams requests already: raise that"};
  if (const Lanes::Lane* lane = lanes_.failing(endpoints)) {
    return {"its listener cannot be reached",
            "cannot reach " + to_string(lane->endpoint) + ": " + lane->why_failed + "; railgunctl check tells more"};
  }
  if (is_leaving) return {"its listener is stopping", "its listener is stopping: see whether it starts again"};
  if (endpoints.empty()) {
    return {"no listener is linked", "no listener for " + std::string(host) +
                                         " has connected, and none is configured: check that it runs and that its "
                                         "certificate is for this host"};
  }
  return {"the link is being established", "the link is still being established: see link.wait"};
}

Result<LinkStream> Peers::open(ConnectionId link, ExchangeId exchange, ByteView prelude, const Fields& fields) {
  link::Mux* mux = use(link);
  if (mux == nullptr) return fail(Errc::kUnavailable, "the link is gone");
  auto stream = mux->open(prelude, fields);
  if (!stream) return std::unexpected(std::move(stream.error()));
  return take({link, *stream}, exchange);
}

LinkStream Peers::take(StreamKey stream, ExchangeId exchange) {
  streams_[stream] = {.exchange = exchange};
  return {*this, stream};
}

void Peers::reject(StreamKey stream, link::ResetCode code) {
  if (link::Mux* mux = use(stream.link)) mux->reset(stream.stream, code);
}

void Peers::count_lost_reference(ConnectionId id, Instant now) {
  if (Link* link = find_link(id)) link->lost_.add(Link::kLostReferences, now);
}

void Peers::count_asset(ConnectionId id, Instant now) {
  if (Link* link = find_link(id)) link->assets_.add(Link::kAssets, now);
}

link::Mux* Peers::use(ConnectionId id) {
  Link* link = find_link(id);
  if (link == nullptr) return nullptr;
  if (!std::exchange(link->is_used_, true)) used_.push_back(id);
  return &link->mux_;
}

void Peers::update_used() {
  for (const ConnectionId id : std::exchange(used_, {})) {
    Link* link = find_link(id);
    if (link == nullptr) continue;
    link->is_used_ = false;
    update(*link, context_.now);
  }
}

std::size_t Peers::sendable(StreamKey stream) const {
  const Link* link = find(stream.link);
  return link == nullptr ? 0 : link->mux_.sendable(stream.stream);
}

void Peers::consumed(StreamKey stream, std::size_t bytes) {
  if (const auto owned = streams_.find(stream); owned != streams_.end())
    owned->second.unread_bytes -= std::min(bytes, owned->second.unread_bytes);
  if (link::Mux* mux = use(stream.link)) mux->consumed(stream.stream, bytes);
}

// False: the link has too many.
bool Peers::set_context(StreamKey stream, bool has_context) {
  const auto owned = streams_.find(stream);
  Link* link = find_link(stream.link);
  if (owned == streams_.end() || link == nullptr || owned->second.has_context == has_context) return true;
  if (has_context && link->contexts_ >= Link::kMostContexts) return false;
  owned->second.has_context = has_context;
  link->contexts_ += has_context ? 1 : -1;
  return true;
}

void Peers::forget(StreamKey stream) {
  set_context(stream, false);
  const auto owned = streams_.find(stream);
  if (owned == streams_.end()) return;
  const std::size_t unread = owned->second.unread_bytes;
  streams_.erase(owned);
  if (unread > 0) consumed(stream, unread);
}

std::optional<PeerEvent> Peers::poll() {
  for (;;) {
    if (events_.empty()) update_used();
    if (events_.empty()) return std::nullopt;
    Queued queued = std::move(events_.front());
    events_.pop_front();
    if (auto* lost = std::get_if<LinkLost>(&queued.event)) {
      queue_for_streams(queued.link, [&](link::StreamId stream) { return StreamLost{stream, lost->reason}; });
      return LinksChanged{};
    }
    if (std::holds_alternative<LinkSilent>(queued.event)) {
      queue_for_streams(queued.link, [](link::StreamId stream) { return StreamSilent{stream}; });
      continue;
    }
    const auto to_route = [&](auto& happened) { return route(queued.link, std::move(happened)); };
    std::optional<PeerEvent> event;
    if (auto* stream_lost = std::get_if<StreamLost>(&queued.event)) {
      event = to_route(*stream_lost);
    } else if (auto* silent = std::get_if<StreamSilent>(&queued.event)) {
      event = to_route(*silent);
    } else {
      event = std::visit(to_route, std::get<link::Event>(queued.event));
    }
    if (event) return event;
  }
}

template <typename Happened>
std::optional<PeerEvent> Peers::route(ConnectionId link, Happened&& happened) {
  if constexpr (requires { happened.stream; }) {
    const StreamKey stream{link, happened.stream};
    const auto owned = streams_.find(stream);
    if (owned == streams_.end()) return route_unowned(stream, std::move(happened));
    if constexpr (std::is_same_v<std::decay_t<Happened>, link::DataReceived>)
      owned->second.unread_bytes += happened.data.size();
    return StreamEvent{owned->second.exchange, std::move(happened)};
  } else if constexpr (std::is_same_v<std::decay_t<Happened>, link::HelloReceived>) {
    return LinksChanged{};
  } else {
    return std::nullopt;
  }
}

// What comes on a stream whose exchange has ended still uses up the link's window until it is credited.
std::optional<PeerEvent> Peers::route_unowned(StreamKey stream, StreamInput input) {
  if (auto* head = std::get_if<link::HeadReceived>(&input); head != nullptr && role_ == link::Role::kAnswerer)
    return StreamOpened{stream, std::move(*head)};
  if (const auto* data = std::get_if<link::DataReceived>(&input)) consumed(stream, data->data.size());
  return std::nullopt;
}

// In the order of the streams, so that what follows does not depend on a hash.
template <typename MakeEvent>
void Peers::queue_for_streams(ConnectionId link, MakeEvent make) {
  std::vector<link::StreamId> streams;
  for (const auto& [key, owned] : streams_) {
    if (key.link == link) streams.push_back(key.stream);
  }
  std::sort(streams.begin(), streams.end(), std::greater<>());
  for (const link::StreamId stream : streams) events_.push_front({link, make(stream)});
}

}  // namespace railgun::proxy
