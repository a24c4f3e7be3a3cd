#include "railgund/proxy/sender.h"

#include <algorithm>
#include <utility>

#include "railgund/http/answer.h"

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
  limits.half_closed_timeout = config.half_closed_timeout;
  limits.requests = config.clients_requests;
  limits.min_rate = config.clients_min_rate_bytes;
  limits.end_cancels = config.clients_half_close == config::HalfClose::kCancel;
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

}  // namespace

Sender::Sender(config::ConfigPtr config, page::Cache& cache, dictionary::Shelf& shelf, Counters& counters,
               bool has_store, std::uint64_t first_request, ByteView compression_key, Instant now)
    : router_(std::move(config), cache, counters, has_store, link::Role::kAsker,
              Greeting{.reference_key = {}, .build = "0000"}),
      compression_(*router_.context.config, compression_key),
      dictionaries_(shelf),
      next_request_(first_request) {
  configure(router_.context.config, has_store, now);
}

void Sender::configure(config::ConfigPtr config, bool has_store, Instant now) {
  router_.context.now = now;
  router_.context.config = std::move(config);
  router_.context.has_store = has_store;
  const config::Config& settings = *router_.context.config;
  compression_.configure(settings);
  router_.origins.close_idle();
  router_.peers.keep(listeners_of(settings), settings.wan_lanes, now);
  std::vector<ConnectionId> ids;
  for (auto& [id, client] : clients_) {
    client.http.set_limits(server_limits(settings));
    ids.push_back(id);
  }
  for (const ConnectionId id : ids) serve(id);
  settle();
}

void Sender::drain(Duration timeout, Instant now) {
  router_.context.now = now;
  draining_ = true;
  idle_end_ = now + timeout;
  std::vector<ConnectionId> ids;
  for (auto& [id, client] : clients_) {
    client.http.close_after_answer(idle_end_, now);
    ids.push_back(id);
  }
  for (const ConnectionId id : ids) serve(id);
  settle();
}

void Sender::cut_links(const std::string& peer, Instant now) {
  router_.context.now = now;
  router_.peers.cut_named(peer, now);
  settle();
}

std::optional<Bytes> Sender::over_limit(Admission limit, const std::string& peer, Instant now) {
  router_.context.now = now;
  Counters& counters = router_.context.counters;
  const bool makes_room = limit == Admission::kClientsLimit && !idle_.empty();
  (makes_room ? counters.clients_displaced : counters.clients_rejected).add();
  if (limit_log_.take(now)) {
    const config::Config& settings = *router_.context.config;
    const bool is_total = limit == Admission::kClientsLimit;
    router_.context.log(LogLevel::kNotice,
                        (is_total ? "clients.limit (" + std::to_string(settings.clients_limit) + ") is reached"
                                  : "clients.per_address (" + std::to_string(settings.clients_per_address) +
                                        ") is reached by " + peer) +
                            "; this worker has rejected " + std::to_string(counters.clients_rejected.get()) +
                            " clients and closed " + std::to_string(counters.clients_displaced.get()) +
                            " idle ones since its start; raise the limit, or find who holds the connections");
  }
  if (!makes_room)
    return http::small_answer(503, "Too many connections; try again in a moment", {{"Retry-After", "5"}}, true,
                              http::Framing::Connection::kClose);
  const ConnectionId displaced = idle_.front();
  release(displaced);
  router_.context.add(Close{.connection = displaced, .final_bytes = {}});
  settle();
  return std::nullopt;
}

ConnectionId Sender::accepted(Incoming incoming, Instant now) {
  router_.context.now = now;
  const ConnectionId id = router_.context.new_connection();
  if (incoming.kind == ConnectionKind::kLink) {
    router_.peers.accepted(id, incoming.peer, std::move(incoming.hosts), now);
  } else {
    router_.context.counters.clients_accepted.add();
    router_.context.counters.clients_open.add();
    Client& client =
        clients_
            .try_emplace(id, std::move(incoming.peer), incoming.is_secure, server_limits(*router_.context.config), now)
            .first->second;
    if (draining_) client.http.close_after_answer(idle_end_, now);
    serve(id, client);
  }
  settle();
  return id;
}

void Sender::connected(ConnectionId id, std::vector<std::string> hosts, Instant now) {
  router_.context.now = now;
  router_.connected(id, std::move(hosts));
  settle();
}

void Sender::receive(ConnectionId id, ByteView bytes, Instant now) {
  router_.context.now = now;
  if (const auto found = clients_.find(id); found != clients_.end()) {
    found->second.http.receive(bytes, now);
    serve(id, found->second);
  } else {
    router_.receive(id, bytes);
  }
  settle();
}

void Sender::receive_end(ConnectionId id, Instant now) {
  router_.context.now = now;
  if (const auto found = clients_.find(id); found != clients_.end()) {
    found->second.http.receive_end(now);
    serve(id, found->second);
  } else {
    router_.receive_end(id);
  }
  settle();
}

void Sender::closed(ConnectionId id, const Error& error, Instant now) {
  router_.context.now = now;
  release(id);
  router_.closed(id, error);
  settle();
}

std::size_t Sender::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  router_.context.now = now;
  std::size_t count = 0;
  if (const auto found = clients_.find(id); found != clients_.end()) {
    Client& client = found->second;
    count = client.http.pull(to, most, now);
    client.reported.pulled(client.http.wants_write());
    if (client.exchange) {
      with(*client.exchange, [](SenderExchange& exchange, const SenderPorts& ports) { exchange.pump(ports); });
    } else {
      serve(id, client);
    }
  } else {
    count = router_.pull(id, to, most);
  }
  settle();
  return count;
}

void Sender::store_answer(TicketId ticket, std::optional<Bytes> item, Instant now) {
  router_.context.now = now;
  router_.lookups.answered(ticket, std::move(item));
  settle();
}

void Sender::on_deadline(Instant now) {
  router_.context.now = now;
  router_.on_deadline();
  while (const auto id = client_deadlines_.take_due(now)) {
    const auto found = clients_.find(*id);
    if (found == clients_.end()) continue;
    found->second.http.on_deadline(now);
    serve(*id, found->second);
  }
  settle();
}

void Sender::settle() {
  while (auto event = router_.poll()) {
    std::visit([this](auto& happened) { handle(std::move(happened)); }, *event);
  }
}

void Sender::handle(StreamEvent&& event) {
  with(event.exchange,
       [&](SenderExchange& exchange, const SenderPorts& ports) { exchange.take(ports, std::move(event.input)); });
}

void Sender::handle(CallEvent&& event) {
  with(event.exchange,
       [&](SenderExchange& exchange, const SenderPorts& ports) { exchange.take(ports, std::move(event.input)); });
}

void Sender::handle(StoreAnswer&& event) {
  with(event.exchange,
       [&](SenderExchange& exchange, const SenderPorts& ports) { exchange.take(ports, std::move(event.item)); });
}

void Sender::handle(DeadlineReached&& event) {
  with(event.exchange, [](SenderExchange& exchange, const SenderPorts& ports) { exchange.on_deadline(ports); });
}

void Sender::handle(LinksChanged&&) {
  const std::vector<ExchangeId> ids(awaiting_link_.begin(), awaiting_link_.end());
  for (const ExchangeId id : ids) {
    with(id, [](SenderExchange& exchange, const SenderPorts& ports) { exchange.links_changed(ports); });
  }
}

template <typename Work>
void Sender::with(ExchangeId id, Work work) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  const ConnectionId client_id = found->second.client();
  const auto client = clients_.find(client_id);
  router_.context.counters.current_request.set(found->second.number());
  work(found->second, SenderPorts(router_, id, compression_, dictionaries_, client->second.http, client->second.address,
                                  client->second.is_secure));
  serve(client_id, client->second);
}

void Sender::serve(ConnectionId id) {
  if (const auto found = clients_.find(id); found != clients_.end()) serve(id, found->second);
}

void Sender::serve(ConnectionId id, Client& client) {
  for (;;) {
    note_exchange(client);
    auto event = client.http.poll();
    if (!event) break;
    take(id, client, std::move(*event));
  }
  if (client.http.wants_close() && !client.http.wants_write()) {
    const bool reset = client.http.wants_reset();
    release(id);
    router_.context.add(Close{.connection = id, .final_bytes = {}, .reset = reset});
    return;
  }
  client.reported.update(router_.context, id, client.http.wants_read(), client.http.wants_write(),
                         client.http.wants_end());
  client_deadlines_.set(id, client.http.deadline());
  note_idle(id, client);
}

void Sender::note_idle(ConnectionId id, Client& client) {
  const bool is_idle = client.http.is_idle();
  if (is_idle == client.idle_place.has_value()) return;
  if (is_idle) {
    client.idle_place = idle_.insert(idle_.end(), id);
  } else {
    idle_.erase(*client.idle_place);
    client.idle_place.reset();
  }
}

void Sender::take(ConnectionId id, Client& client, http::ServerEvent event) {
  if (auto* received = std::get_if<http::RequestReceived>(&event)) {
    const std::uint64_t number = next_request_++;
    const ExchangeId exchange_id{number};
    router_.context.counters.current_request.set(number);
    SenderExchange& exchange =
        exchanges_.try_emplace(exchange_id, router_.context.config, id, std::move(received->request), number, now())
            .first->second;
    client.exchange = exchange_id;
    exchange.begin(
        SenderPorts(router_, exchange_id, compression_, dictionaries_, client.http, client.address, client.is_secure));
  } else if (client.exchange) {
    exchanges_.at(*client.exchange)
        .take(SenderPorts(router_, *client.exchange, compression_, dictionaries_, client.http, client.address,
                          client.is_secure),
              std::move(event));
  } else if (const auto* body = std::get_if<http::RequestBody>(&event)) {
    // The rest of a request that was answered already.
    client.http.body_consumed(body->bytes.size(), now());
  }
}

void Sender::note_exchange(Client& client) {
  if (!client.exchange) return;
  const ExchangeId id = *client.exchange;
  const auto found = exchanges_.find(id);
  found->second.count_held(router_.context);
  const bool finished = found->second.is_finished();
  router_.deadlines.set(id, finished ? kNever : found->second.deadline());
  if (!finished && found->second.awaits_link()) {
    awaiting_link_.insert(id);
  } else {
    awaiting_link_.erase(id);
  }
  if (!finished) return;
  exchanges_.erase(found);
  client.exchange.reset();
}

void Sender::release(ConnectionId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second;
  if (client.exchange) {
    exchanges_.at(*client.exchange)
        .drop(SenderPorts(router_, *client.exchange, compression_, dictionaries_, client.http, client.address,
                          client.is_secure));
    note_exchange(client);
  }
  if (client.idle_place) idle_.erase(*client.idle_place);
  clients_.erase(found);
  client_deadlines_.remove(id);
  router_.context.counters.clients_open.subtract();
}

}  // namespace railgun::proxy
