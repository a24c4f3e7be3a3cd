#include "railgund/proxy/listener.h"

#include <algorithm>
#include <map>

#include "railgund/proxy/listener_exchange.h"

namespace railgun::proxy {
namespace {

// The senders hear of a drain before requests are refused, also where nobody takes over: uploads that have begun cannot
// go elsewhere.
constexpr Duration kLeastPatience = std::chrono::seconds(1);

}  // namespace

struct Listener::State {
  State(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, ByteView reference_key,
        const std::string& build)
      : context{.config = std::move(config), .cache = cache, .counters = counters, .has_store = has_store},
        peers(context, link::Role::kAnswerer, Greeting{.reference_key = to_bytes(reference_key), .build = build}),
        origins(context),
        hash(reference_key) {}

  ListenerExchange::Ends ends() { return {context, peers, origins, routes, hash}; }

  // Hands events on until nobody has any: each may make others.
  void settle(Instant now) {
    for (bool busy = true; busy;) {
      busy = false;
      while (auto event = peers.poll()) {
        busy = true;
        link_event(std::move(*event), now);
      }
      while (auto event = origins.poll()) {
        busy = true;
        call_event(std::move(*event), now);
      }
    }
  }

  void link_event(PeerEvent peer_event, Instant now) {
    if (std::holds_alternative<LinkLost>(peer_event.event)) {
      const auto from = exchanges.lower_bound({peer_event.link, link::StreamId{0}});
      std::vector<ExchangeKey> lost;
      for (auto at = from; at != exchanges.end() && at->first.link == peer_event.link; ++at) lost.push_back(at->first);
      for (const ExchangeKey& key : lost)
        with(key, now, [&](ListenerExchange& exchange, auto& e) { exchange.drop(e, now); });
      return;
    }
    auto& event = std::get<link::Event>(peer_event.event);
    if (auto* head = std::get_if<link::HeadReceived>(&event)) {
      begin({peer_event.link, head->stream}, std::move(*head), now);
      return;
    }
    const std::optional<link::StreamId> stream = stream_of(event);
    if (!stream) return;
    with({peer_event.link, *stream}, now,
         [&](ListenerExchange& exchange, auto& e) { exchange.stream_event(e, std::move(event), now); });
  }

  static std::optional<link::StreamId> stream_of(const link::Event& event) {
    if (const auto* data = std::get_if<link::DataReceived>(&event)) return data->stream;
    if (const auto* end = std::get_if<link::EndReceived>(&event)) return end->stream;
    if (const auto* reset = std::get_if<link::StreamReset>(&event)) return reset->stream;
    if (const auto* writable = std::get_if<link::StreamWritable>(&event)) return writable->stream;
    return std::nullopt;
  }

  void begin(const ExchangeKey& key, link::HeadReceived head, Instant now) {
    auto ask = decode_ask(head.prelude, std::move(head.fields));
    if (!ask) {
      context.log(LogLevel::kError, "a sender's request cannot be read: " + ask.error().text);
      if (Link* link = peers.find(key.link)) {
        link->mux.reset(key.stream, link::ResetCode::kBadMessage);
        peers.touch(*link, now);
      }
      return;
    }
    exchanges.try_emplace(key, context.config, key, std::move(*ask), now);
    with(key, now, [&](ListenerExchange& exchange, auto& e) { exchange.begin(e, now); });
  }

  void call_event(CallEvent event, Instant now) {
    const auto route = routes.calls.find(event.call);
    if (route == routes.calls.end()) return;
    with(route->second, now, [&](ListenerExchange& exchange, auto& e) {
      if (auto* http_event = std::get_if<http::ClientEvent>(&event.event)) {
        exchange.call_event(e, std::move(*http_event), now);
      } else {
        exchange.pump(e, now);
      }
    });
  }

  // Works on an exchange, if it is still there, and forgets it when it has finished. `key` may be a copy's reference
  // into the routes: it is copied first.
  template <typename Work>
  void with(ExchangeKey key, Instant, Work&& work) {
    const auto found = exchanges.find(key);
    if (found == exchanges.end()) return;
    auto e = ends();
    context.counters.current_request.set(static_cast<std::uint64_t>(key.link) << 32 |
                                         static_cast<std::uint64_t>(key.stream));
    work(found->second, e);
    if (found->second.is_finished()) {
      exchanges.erase(found);
      deadlines.remove(key);
    } else {
      deadlines.set(key, found->second.deadline());
    }
  }

  Context context;
  Peers peers;
  Origins origins;
  KeyedHash hash;
  ListenerRoutes routes;
  std::map<ExchangeKey, ListenerExchange> exchanges;
  Deadlines<ExchangeKey> deadlines;
  bool draining = false;
};

Listener::Listener(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store,
                   ByteView reference_key, const std::string& build, Instant now)
    : state_(std::make_unique<State>(std::move(config), cache, counters, has_store, reference_key, build)) {
  state_->peers.keep(state_->context.config->wan_dial, 1, now);
}
Listener::~Listener() = default;

void Listener::configure(config::ConfigPtr config, bool has_store, Instant now) {
  state_->context.config = std::move(config);
  state_->context.has_store = has_store;
  state_->origins.close_idle();
  state_->peers.keep(state_->context.config->wan_dial, 1, now);
  state_->settle(now);
}

void Listener::drain(Duration patience, Instant now) {
  state_->draining = true;
  state_->peers.drain(std::max(patience, kLeastPatience), now);
  state_->settle(now);
}

bool Listener::is_drained() const { return state_->draining && state_->exchanges.empty() && state_->peers.empty(); }

void Listener::cut_links(const std::string& peer, Instant now) {
  state_->peers.cut_named(peer, now);
  state_->settle(now);
}

ConnectionId Listener::accepted(ConnectionKind kind, const std::string& peer, std::vector<std::string> hosts,
                                Instant now) {
  const ConnectionId id = state_->context.new_connection();
  if (kind == ConnectionKind::kLink) state_->peers.accepted(id, peer, std::move(hosts), now);
  state_->settle(now);
  return id;
}

void Listener::connected(ConnectionId id, std::vector<std::string> hosts, Instant now) {
  state_->peers.connected(id, std::move(hosts), now);
  state_->origins.connected(id, now);
  state_->settle(now);
}

void Listener::receive(ConnectionId id, ByteView bytes, Instant now) {
  state_->peers.receive(id, bytes, now);
  state_->origins.receive(id, bytes, now);
  state_->settle(now);
}

void Listener::receive_end(ConnectionId id, Instant now) {
  if (state_->peers.owns(id)) state_->peers.closed(id, {Errc::kUnavailable, "closed by the peer"}, now);
  state_->origins.receive_end(id, now);
  state_->settle(now);
}

void Listener::closed(ConnectionId id, const Error& error, Instant now) {
  state_->peers.closed(id, error, now);
  state_->origins.closed(id, error, now);
  state_->settle(now);
}

void Listener::measured(ConnectionId id, const LinkRate& rate) { state_->peers.measured(id, rate); }

std::size_t Listener::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  const std::size_t count =
      state_->peers.owns(id) ? state_->peers.pull(id, to, most, now) : state_->origins.pull(id, to, most, now);
  state_->settle(now);
  return count;
}

void Listener::store_answer(TicketId ticket, const std::optional<Bytes>& item, Instant now) {
  const auto route = state_->routes.tickets.find(ticket);
  if (route == state_->routes.tickets.end()) return;
  state_->with(route->second, now,
               [&](ListenerExchange& exchange, auto& e) { exchange.store_answer(e, ticket, item, now); });
  state_->settle(now);
}

std::optional<Effect> Listener::poll() {
  auto& effects = state_->context.effects;
  if (effects.empty()) return std::nullopt;
  Effect effect = std::move(effects.front());
  effects.pop_front();
  return effect;
}

Instant Listener::deadline() const {
  return std::min({state_->peers.deadline(), state_->origins.deadline(), state_->deadlines.earliest()});
}

void Listener::on_deadline(Instant now) {
  state_->peers.on_deadline(now);
  state_->origins.on_deadline(now);
  while (const auto key = state_->deadlines.take_due(now)) {
    state_->with(*key, now, [&](ListenerExchange& exchange, auto& e) { exchange.on_deadline(e, now); });
  }
  state_->settle(now);
}

std::vector<LinkStatus> Listener::links(Instant now) const { return state_->peers.status(now); }

}  // namespace railgun::proxy
