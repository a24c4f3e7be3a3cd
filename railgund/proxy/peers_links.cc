// The links themselves: their bytes and deadlines, how one replaces another, how they end.
#include <algorithm>
#include <utility>

#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/peers.h"

namespace railgun::proxy {
namespace {

// A link that was up for less is not replaced at once when its peer goes away: peers that do nothing else are not to be
// connected to without pause.
constexpr Duration kSettled = std::chrono::seconds(1);

}  // namespace

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
  link->load_.add(bytes.size(), now);
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
      link.reached = link.endpoint ? now - reachable(*link.endpoint, now) : now;
      link.greeting = std::move(*greeting);
      link.version = hello->version;
      link.takes_trailers = hello->takes_trailers;
      link.finds_content = hello->finds_content;
      link.has_starting_text = hello->has_starting_text;
      link.codes_tunnels = hello->codes_tunnels;
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
  context_.common_text.forget(static_cast<std::uint64_t>(id));
  context_.common_share.set(context_.cache, context_.common_text.bytes());
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
  link->load_.add(count, now);
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
