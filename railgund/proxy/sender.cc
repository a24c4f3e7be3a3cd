#include "railgund/proxy/sender.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "railgund/proxy/sender_exchange.h"

namespace railgun::proxy {
namespace {

http::ServerLimits server_limits(const config::Config& config) {
  http::ServerLimits limits;
  limits.head_bytes = config.request_head_limit_bytes;
  limits.requires_host = true;
  limits.head_timeout = config.client_head_timeout;
  limits.idle_timeout = config.client_idle_timeout;
  limits.body_timeout = config.client_body_timeout;
  limits.write_timeout = config.client_write_timeout;
  limits.upgrade_timeout = config.upgrade_timeout;
  return limits;
}

// Every listener that any site names, once.
std::vector<Endpoint> listeners_of(const config::Config& config) {
  std::vector<Endpoint> all;
  for (const config::Site& site : config.sites) {
    for (const Endpoint& endpoint : site.listeners) {
      if (std::find(all.begin(), all.end(), endpoint) == all.end()) all.push_back(endpoint);
    }
  }
  return all;
}

struct Client {
  Client(const std::string& peer, http::ServerLimits limits, Instant now) : address(peer), http(limits, false, now) {}
  std::string address;
  http::ServerConnection http;
  std::unique_ptr<SenderExchange> exchange;
  ReportedState reported;
};

}  // namespace

struct Sender::State {
  State(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, std::uint64_t first)
      : context{.config = std::move(config), .cache = cache, .counters = counters, .has_store = has_store},
        peers(context, link::Role::kAsker, Greeting{.reference_key = {}, .build = "0000"}),
        origins(context),
        next_request(first) {}

  SenderExchange::Ends ends(ConnectionId id, Client& client) {
    return {context, peers, origins, routes, client.http, id, client.address};
  }

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
    if (const auto* lost = std::get_if<LinkLost>(&peer_event.event)) {
      std::vector<ConnectionId> clients_of_link;
      for (auto at = routes.streams.lower_bound({peer_event.link, link::StreamId{0}});
           at != routes.streams.end() && at->first.link == peer_event.link; ++at) {
        clients_of_link.push_back(at->second);
      }
      for (const ConnectionId id : clients_of_link) {
        with(id, now, [&](SenderExchange& exchange, auto& e) { exchange.link_lost(e, lost->reason, now); });
      }
      wake_waiting(now);
      return;
    }
    auto& event = std::get<link::Event>(peer_event.event);
    std::optional<link::StreamId> stream;
    std::visit(
        [&](const auto& value) {
          if constexpr (requires { value.stream; }) stream = value.stream;
        },
        event);
    if (!stream) {
      if (std::holds_alternative<link::HelloReceived>(event)) wake_waiting(now);
      return;
    }
    const auto route = routes.streams.find({peer_event.link, *stream});
    if (route == routes.streams.end()) return;
    with(route->second, now, [&](SenderExchange& exchange, auto& e) { exchange.link_event(e, std::move(event), now); });
  }

  void call_event(CallEvent event, Instant now) {
    const auto route = routes.calls.find(event.call);
    if (route == routes.calls.end()) return;
    with(route->second, now, [&](SenderExchange& exchange, auto& e) {
      if (auto* http_event = std::get_if<http::ClientEvent>(&event.event)) {
        exchange.call_event(e, std::move(*http_event), now);
      } else {
        exchange.pump(e, now);
      }
    });
  }

  void wake_waiting(Instant now) {
    std::vector<ConnectionId> ids(waiting.begin(), waiting.end());
    for (const ConnectionId id : ids) {
      with(id, now, [&](SenderExchange& exchange, auto& e) { exchange.link_ready(e, now); });
    }
  }

  // Works on a client's exchange, if there is one, then looks at what has become of the client.
  template <typename Work>
  void with(ConnectionId id, Instant now, Work&& work) {
    const auto found = clients.find(id);
    if (found == clients.end()) return;
    if (found->second.exchange) {
      auto e = ends(id, found->second);
      context.counters.current_request.set(found->second.exchange->number());
      work(*found->second.exchange, e);
    }
    serve(id, now);
  }

  // Takes a client's events, begins and ends its exchanges, tells the shell what has changed.
  void serve(ConnectionId id, Instant now) {
    Client& client = clients.find(id)->second;
    for (;;) {
      if (client.exchange && client.exchange->is_finished()) client.exchange.reset();
      auto event = client.http.poll();
      if (!event) break;
      if (auto* received = std::get_if<http::RequestReceived>(&*event)) {
        client.exchange =
            std::make_unique<SenderExchange>(context.config, std::move(received->request), next_request++, now);
        auto e = ends(id, client);
        client.exchange->begin(e, now);
      } else if (client.exchange) {
        auto e = ends(id, client);
        client.exchange->client_event(e, std::move(*event), now);
      } else if (const auto* body = std::get_if<http::RequestBody>(&*event)) {
        // The rest of a request that was answered already.
        client.http.body_consumed(body->bytes.size(), now);
      }
    }
    if (client.http.wants_close() && !client.http.wants_write()) {
      const bool reset = client.http.wants_reset();
      release(id, now);
      context.add(Close{.connection = id, .final_bytes = {}, .reset = reset});
      return;
    }
    client.reported.update(context, id, client.http.wants_read(), client.http.wants_write());
    const Instant exchange_deadline = client.exchange ? client.exchange->deadline() : kNever;
    deadlines.set(id, std::min(client.http.deadline(), exchange_deadline));
    if (exchange_deadline != kNever) {
      waiting.insert(id);
    } else {
      waiting.erase(id);
    }
  }

  void release(ConnectionId id, Instant now) {
    const auto found = clients.find(id);
    if (found == clients.end()) return;
    if (found->second.exchange) {
      auto e = ends(id, found->second);
      found->second.exchange->drop(e, now);
    }
    clients.erase(found);
    deadlines.remove(id);
    waiting.erase(id);
    context.counters.clients_open.subtract();
  }

  Context context;
  Peers peers;
  Origins origins;
  SenderRoutes routes;
  std::unordered_map<ConnectionId, Client> clients;
  std::set<ConnectionId> waiting;  // whose exchange waits for a link or the store
  Deadlines<ConnectionId> deadlines;
  std::uint64_t next_request;
  bool draining = false;
  Instant idle_end{};  // draining: how long clients' connections may wait for a request
};

Sender::Sender(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store,
               std::uint64_t first_request, Instant now)
    : state_(std::make_unique<State>(std::move(config), cache, counters, has_store, first_request)) {
  const config::Config& settings = *state_->context.config;
  state_->peers.keep(listeners_of(settings), settings.wan_lanes, now);
}
Sender::~Sender() = default;

void Sender::configure(config::ConfigPtr config, bool has_store, Instant now) {
  state_->context.config = std::move(config);
  state_->context.has_store = has_store;
  const config::Config& settings = *state_->context.config;
  state_->origins.close_idle();
  state_->peers.keep(listeners_of(settings), settings.wan_lanes, now);
  std::vector<ConnectionId> ids;
  for (auto& [id, client] : state_->clients) {
    client.http.set_limits(server_limits(settings));
    ids.push_back(id);
  }
  for (const ConnectionId id : ids) state_->serve(id, now);
  state_->settle(now);
}

void Sender::drain(Duration patience, Instant now) {
  state_->draining = true;
  state_->idle_end = now + patience;
  std::vector<ConnectionId> ids;
  for (auto& [id, client] : state_->clients) {
    client.http.close_after_answer(state_->idle_end, now);
    ids.push_back(id);
  }
  for (const ConnectionId id : ids) state_->serve(id, now);
  state_->settle(now);
}

bool Sender::is_drained() const { return state_->draining && state_->clients.empty(); }

void Sender::cut_links(const std::string& peer, Instant now) {
  state_->peers.cut_named(peer, now);
  state_->settle(now);
}

ConnectionId Sender::accepted(ConnectionKind kind, const std::string& peer, std::vector<std::string> hosts,
                              Instant now) {
  State& state = *state_;
  const ConnectionId id = state.context.new_connection();
  if (kind == ConnectionKind::kLink) {
    state.peers.accepted(id, peer, std::move(hosts), now);
  } else {
    state.context.counters.clients_accepted.add();
    state.context.counters.clients_open.add();
    Client& client = state.clients.try_emplace(id, peer, server_limits(*state.context.config), now).first->second;
    if (state.draining) client.http.close_after_answer(state.idle_end, now);
    state.serve(id, now);
  }
  state.settle(now);
  return id;
}

void Sender::connected(ConnectionId id, std::vector<std::string> hosts, Instant now) {
  state_->peers.connected(id, std::move(hosts), now);
  state_->origins.connected(id, now);
  state_->settle(now);
}

void Sender::receive(ConnectionId id, ByteView bytes, Instant now) {
  State& state = *state_;
  if (const auto found = state.clients.find(id); found != state.clients.end()) {
    found->second.http.receive(bytes, now);
    state.serve(id, now);
  } else {
    state.peers.receive(id, bytes, now);
    state.origins.receive(id, bytes, now);
  }
  state.settle(now);
}

void Sender::receive_end(ConnectionId id, Instant now) {
  State& state = *state_;
  if (const auto found = state.clients.find(id); found != state.clients.end()) {
    found->second.http.receive_end(now);
    state.serve(id, now);
  } else if (state.peers.owns(id)) {
    state.peers.closed(id, {Errc::kUnavailable, "closed by the peer"}, now);
  } else {
    state.origins.receive_end(id, now);
  }
  state.settle(now);
}

void Sender::closed(ConnectionId id, const Error& error, Instant now) {
  state_->release(id, now);
  state_->peers.closed(id, error, now);
  state_->origins.closed(id, error, now);
  state_->settle(now);
}

std::size_t Sender::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  State& state = *state_;
  std::size_t count = 0;
  if (const auto found = state.clients.find(id); found != state.clients.end()) {
    count = found->second.http.pull(to, most, now);
    found->second.reported.pulled(found->second.http.wants_write());
    state.with(id, now, [&](SenderExchange& exchange, auto& e) { exchange.pump(e, now); });
  } else if (state.peers.owns(id)) {
    count = state.peers.pull(id, to, most, now);
  } else {
    count = state.origins.pull(id, to, most, now);
  }
  state.settle(now);
  return count;
}

void Sender::store_answer(TicketId ticket, const std::optional<Bytes>& item, Instant now) {
  const auto route = state_->routes.tickets.find(ticket);
  if (route == state_->routes.tickets.end()) return;
  const ConnectionId id = route->second;
  state_->with(id, now, [&](SenderExchange& exchange, auto& e) { exchange.store_answer(e, item, now); });
  state_->settle(now);
}

std::optional<Effect> Sender::poll() {
  auto& effects = state_->context.effects;
  if (effects.empty()) return std::nullopt;
  Effect effect = std::move(effects.front());
  effects.pop_front();
  return effect;
}

Instant Sender::deadline() const {
  return std::min({state_->peers.deadline(), state_->origins.deadline(), state_->deadlines.earliest()});
}

void Sender::on_deadline(Instant now) {
  State& state = *state_;
  state.peers.on_deadline(now);
  state.origins.on_deadline(now);
  while (const auto id = state.deadlines.take_due(now)) {
    const auto found = state.clients.find(*id);
    if (found == state.clients.end()) continue;
    found->second.http.on_deadline(now);
    state.with(*id, now, [&](SenderExchange& exchange, auto& e) { exchange.on_deadline(e, now); });
  }
  state.settle(now);
}

std::vector<LinkStatus> Sender::links(Instant now) const { return state_->peers.status(now); }

}  // namespace railgun::proxy
