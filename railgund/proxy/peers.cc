#include "railgund/proxy/peers.h"

#include <algorithm>
#include <functional>
#include <type_traits>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// A link that was up for less is not replaced at once when its peer goes away: peers that do nothing else are not to be
// connected to without pause.
constexpr Duration kSettled = std::chrono::seconds(1);

}  // namespace

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

const Link* Peers::pick(const std::vector<Endpoint>& endpoints, std::string_view host) const {
  for (const Quality wanted : {Quality::kGood, Quality::kRetiring, Quality::kSilent}) {
    if (const Link* link = pick(endpoints, host, wanted)) return link;
  }
  return nullptr;
}

const Link* Peers::pick(const std::vector<Endpoint>& endpoints, std::string_view host, Quality wanted) const {
  const auto least_busy = [&](auto&& matches) {
    const Link* best = nullptr;
    for (const auto& [id, link] : links_) {
      if (!link.greeting || !link.mux_.can_open() || quality(link) != wanted) continue;
      if (!matches(link) || !allows(link.hosts, host)) continue;
      if (best == nullptr || link.mux_.open_streams() < best->mux_.open_streams()) best = &link;
    }
    return best;
  };
  for (const Endpoint& endpoint : endpoints) {
    if (const Link* link = least_busy([&](const Link& candidate) { return candidate.endpoint == endpoint; }))
      return link;
  }
  return least_busy([](const Link& candidate) { return !candidate.endpoint; });
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

void Peers::forget(StreamKey stream) {
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

void Peers::accepted(ConnectionId id, std::string peer_name, std::vector<std::string> hosts, Instant now) {
  Link& link = add_link(id, std::nullopt, now);
  link.peer_name = std::move(peer_name);
  connected(id, std::move(hosts), now);
}

void Peers::connected(ConnectionId id, std::vector<std::string> hosts, Instant now) {
  Link* link = find_link(id);
  if (link == nullptr) return;
  link->is_connected_ = true;
  link->hosts = std::move(hosts);
  if (draining_) link->mux_.retire("shutting down");
  update(*link, now);
}

void Peers::receive(ConnectionId id, ByteView bytes, Instant now) {
  Link* link = find_link(id);
  if (link == nullptr) return;
  context_.counters.link_bytes_received.add(bytes.size());
  if (std::exchange(link->is_silent, false)) {
    for (const ConnectionId attempt : lanes_.heard(id)) discard(attempt);
  }
  Result<void> received = link->mux_.receive(bytes, now);
  if (received) received = take_events(*link, now);
  if (!received) {
    lose(id, received.error().text, true, now);
    return;
  }
  update(*link, now);
}

Result<void> Peers::take_events(Link& link, Instant now) {
  while (auto event = link.mux_.poll()) {
    if (const auto* hello = std::get_if<link::HelloReceived>(&*event)) {
      auto greeting = decode_greeting(hello->payload);
      if (!greeting) return std::unexpected(greeting.error());
      const bool from_listener = !greeting->reference_key.empty();
      if (from_listener != (role_ == link::Role::kAsker)) {
        return fail(Errc::kDenied, from_listener ? "both ends are listeners" : "both ends are senders");
      }
      if (from_listener) {
        link.reference_hash = std::make_shared<const KeyedHash>(greeting->reference_key);
        link.via_name = pair_name(*link.reference_hash);
      }
      link.greeting = std::move(*greeting);
      link.version = hello->version;
      link.takes_trailers = hello->takes_trailers;
      link.finds_content = hello->finds_content;
      if (!from_listener) link.process = hello->process;
      const Lanes::Replaced replaced = lanes_.up(link.id);
      for (const ConnectionId attempt : replaced.attempts) discard(attempt);
      context_.counters.links_opened.add();
      context_.log(LogLevel::kNotice, "link to " + link.peer_name + " is up");
      leave_retiring(link, now);
      if (replaced.link) leave_for(link, *replaced.link, now);
    }
    if (std::holds_alternative<link::GoAwayReceived>(*event) || std::holds_alternative<link::PeerRetires>(*event))
      replace(link, now);
    events_.push_back({link.id, std::move(*event)});
  }
  return {};
}

// The peer takes no more streams on this link, or soon will not, but another process may stand in its place already:
// new requests are not to wait for the old ones.
void Peers::replace(const Link& link, Instant now) {
  lanes_.replace(link.id, now - link.since < kSettled ? now + Lanes::kFirstDelay : now);
}

// The links that wanted to be replaced, and are now.
void Peers::leave_retiring(const Link& successor, Instant now) {
  if (!successor.endpoint) return;
  std::vector<ConnectionId> replaced;
  for (const auto& [id, link] : links_) {
    if (link.mux_.is_retiring() && link.endpoint == successor.endpoint) replaced.push_back(id);
  }
  for (const ConnectionId id : replaced) {
    Link& link = links_.at(id);
    link.mux_.go_away("replaced");
    update(link, now);
  }
}

// A link that answers no ping has a successor. What can be repeated is repeated there; the rest may still end on the old
// link, if its line comes back.
void Peers::leave_for(const Link& successor, ConnectionId silent, Instant now) {
  Link* link = find_link(silent);
  if (link == nullptr) return;
  context_.log(LogLevel::kNotice, "link to " + successor.peer_name + " replaces one that does not answer pings");
  link->mux_.go_away("replaced: pings were not answered");
  events_.push_back({silent, LinkSilent{}});
  update(*link, now);
}

// No answer to a ping for a while: the line may be dead.
void Peers::suspect(Link& link, Instant now) {
  link.is_silent = true;
  lanes_.silent(link.id, now);
  if (role_ == link::Role::kAsker) events_.push_back({link.id, LinkSilent{}});
  context_.log(LogLevel::kInformation, "link to " + link.peer_name + " does not answer pings");
}

void Peers::update(Link& link, Instant now) {
  link.reported_.update(context_, link.id, true, link.is_connected_ && link.mux_.wants_write());
  deadlines_.set(link.id, std::min(link.mux_.deadline(), link.is_silent ? kNever : link.mux_.suspect_at()));
  if (link.mux_.is_going_away() && link.mux_.open_streams() == 0 && !link.mux_.wants_write()) {
    lose(link.id, "going away", true, now);
  }
}

void Peers::closed(ConnectionId id, const Error& error, Instant now) { lose(id, error.text, false, now); }

void Peers::cut_named(const std::string& name, Instant now) {
  std::vector<ConnectionId> matching;
  for (const auto& [id, link] : links_) {
    const bool allowed = std::find(link.hosts.begin(), link.hosts.end(), name) != link.hosts.end();
    if (allowed || link.peer_name == name) matching.push_back(id);
  }
  for (const ConnectionId id : matching) lose(id, "cut on command", true, now);
}

void Peers::lose(ConnectionId id, const std::string& reason, bool flush, Instant now) {
  Link* link = find_link(id);
  if (link == nullptr) return;
  if (link->greeting) {
    context_.counters.links_closed.add();
    context_.log(link->mux_.is_going_away() ? LogLevel::kNotice : LogLevel::kError,
                 "link to " + link->peer_name + " is down: " + reason);
  }
  // The mux may have something left to say, such as a GOAWAY with the reason.
  Bytes final_bytes;
  if (flush && link->is_connected_) link->mux_.pull(final_bytes, SIZE_MAX, now);
  if (lanes_.lost(id, reason, now)) context_.log(LogLevel::kError, "cannot reach " + link->peer_name + ": " + reason);
  links_.erase(id);
  deadlines_.remove(id);
  events_.push_back({id, LinkLost{reason}});
  context_.add(Close{.connection = id, .final_bytes = std::move(final_bytes)});
}

void Peers::measured(ConnectionId id, const LinkRate& rate) {
  if (Link* link = find_link(id)) link->speed.add(rate);
}

std::size_t Peers::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  Link* link = find_link(id);
  if (link == nullptr || !link->is_connected_) return 0;
  const std::size_t count = link->mux_.pull(to, most, now);
  context_.counters.link_bytes_sent.add(count);
  link->reported_.pulled(link->mux_.wants_write());
  while (auto event = link->mux_.poll()) events_.push_back({id, std::move(*event)});
  update(*link, now);
  return count;
}

Instant Peers::deadline() const { return std::min({deadlines_.earliest(), drain_end_, lanes_.deadline()}); }

void Peers::on_deadline(Instant now) {
  while (const auto id = deadlines_.take_due(now)) {
    Link* link = find_link(*id);
    if (link == nullptr) continue;
    if (auto alive = link->mux_.on_deadline(now); !alive) {
      lose(*id, alive.error().text, true, now);
      continue;
    }
    if (auto taken = take_events(*link, now); !taken) {
      lose(*id, taken.error().text, true, now);
      continue;
    }
    if (!link->is_silent && link->mux_.suspect_at() <= now) suspect(*link, now);
    update(*link, now);
  }
  while (const Lanes::Lane* lane = lanes_.due(now)) dial(*lane, now);
  if (drain_end_ <= now) {
    drain_end_ = kNever;
    for (const ConnectionId id : ids()) {
      Link& link = links_.at(id);
      link.mux_.go_away("shutting down");
      update(link, now);
    }
  }
}

void Peers::drain(Duration timeout, Instant now) {
  draining_ = true;
  drain_end_ = now + timeout;
  lanes_.stop();
  for (const ConnectionId id : ids()) {
    Link& link = links_.at(id);
    if (!link.is_connected_) {
      lose(id, "shutting down", false, now);
      continue;
    }
    link.mux_.retire("shutting down");
    update(link, now);
  }
}

std::vector<ConnectionId> Peers::ids() const {
  std::vector<ConnectionId> ids;
  for (const auto& [id, link] : links_) ids.push_back(id);
  return ids;
}

std::vector<LinkStatus> Peers::status(Instant now) const {
  std::vector<LinkStatus> all;
  for (const auto& [id, link] : links_) {
    if (lanes_.is_spare(id)) continue;
    all.push_back({.id = id,
                   .peer = link.peer_name,
                   .dialed = link.endpoint.has_value(),
                   .up = link.greeting.has_value(),
                   .going_away = link.mux_.is_going_away() || link.mux_.is_retiring(),
                   .age = now - link.since,
                   .round_trip = link.mux_.round_trip(),
                   .streams = link.mux_.open_streams(),
                   .bytes_sent = link.mux_.counters().bytes_sent,
                   .bytes_received = link.mux_.counters().bytes_received,
                   .hosts = link.hosts,
                   .tls_group = {}});
  }
  return all;
}

}  // namespace railgun::proxy
