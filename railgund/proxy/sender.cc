#include "railgund/proxy/sender.h"

#include <algorithm>
#include <utility>

#include "railgund/http/answer.h"

namespace railgun::proxy {
namespace {

// Connections that were ended for their clients' conduct, by what it was.
Counter& ended_for(Counters& counters, http2::Misuse misuse) {
  switch (misuse) {
    case http2::Misuse::kProtocol:
      return counters.http2_ended_protocol;
    case http2::Misuse::kStreams:
      return counters.http2_ended_streams;
    case http2::Misuse::kResets:
      return counters.http2_ended_resets;
    case http2::Misuse::kFaults:
      return counters.http2_ended_faults;
    case http2::Misuse::kHeads:
      return counters.http2_ended_heads;
    case http2::Misuse::kContinuations:
      return counters.http2_ended_continuations;
    case http2::Misuse::kSettings:
      return counters.http2_ended_settings;
    case http2::Misuse::kPings:
      return counters.http2_ended_pings;
    case http2::Misuse::kEmptyData:
      return counters.http2_ended_empty_data;
    case http2::Misuse::kPriorities:
      return counters.http2_ended_priorities;
    case http2::Misuse::kWindowUpdates:
      return counters.http2_ended_window_updates;
    case http2::Misuse::kPinned:
      return counters.http2_ended_pinned;
    case http2::Misuse::kOther:
      return counters.http2_ended_other;
  }
  return counters.http2_ended_other;
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
              Greeting{.reference_key = {}, .build = "0000"}, (first_request >> kProcessShift) + 1),
      compression_(*router_.context.config, compression_key),
      dictionaries_(shelf),
      next_request_(first_request) {
  configure(router_.context.config, has_store, now);
}

void Sender::configure(config::ConfigPtr config, bool has_store, Instant now) {
  router_.context.now = now;
  router_.context.isolation = isolation_rules(*config);
  router_.context.config = std::move(config);
  router_.context.has_store = has_store;
  const config::Config& settings = *router_.context.config;
  compression_.configure(settings);
  router_.origins.close_idle();
  router_.peers.keep(listeners_of(settings), settings.wan_lanes, now);
  configure_clients();
}

void Sender::shortage_changed(Instant now) {
  router_.context.now = now;
  configure_clients();
}

void Sender::set_time_of_day(WallTime time, Instant now) {
  router_.context.calendar = time.time_since_epoch() - now.time_since_epoch();
}

bool Sender::is_short() const { return router_.context.cache.shortage() != page::Shortage::kNone; }

void Sender::configure_clients() {
  std::vector<ConnectionId> ids;
  for (auto& [id, client] : clients_) {
    client.configure(*router_.context.config, is_short());
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
    client.close_after_answer(idle_end_, now);
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
        clients_.try_emplace(id, std::move(incoming), *router_.context.config, is_short(), now).first->second;
    if (client.is_http2()) router_.context.counters.http2_clients_accepted.add();
    if (draining_) client.close_after_answer(idle_end_, now);
    serve(id, client);
  }
  settle();
  return id;
}

void Sender::connected(ConnectionId id, Established established, Instant now) {
  router_.context.now = now;
  router_.connected(id, std::move(established));
  settle();
}

void Sender::receive(ConnectionId id, ByteView bytes, Instant now) {
  router_.context.now = now;
  if (const auto found = clients_.find(id); found != clients_.end()) {
    found->second.receive(bytes, now);
    serve(id, found->second);
  } else {
    router_.receive(id, bytes);
  }
  settle();
}

void Sender::receive_end(ConnectionId id, Instant now) {
  router_.context.now = now;
  if (const auto found = clients_.find(id); found != clients_.end()) {
    found->second.receive_end(now);
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
    count = found->second.pull(to, most, now);
    serve(id, found->second);
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
    found->second.on_deadline(now);
    serve(*id, found->second);
  }
  settle();
}

void Sender::settle() {
  while (auto event = router_.poll()) {
    std::visit([this](auto& happened) { handle(std::move(happened)); }, *event);
  }
}

template <typename Work>
void Sender::with_late(ExchangeId id, Work work) {
  const auto found = late_.find(id);
  if (found == late_.end()) return;
  LateAnswer& late = found->second;
  work(late, Ports(router_, id));
  late.count_held(router_.context);
  if (!late.is_finished()) return;
  late.count_end(router_.context.counters);
  router_.deadlines.set(id, kNever);
  late_.erase(found);
}

void Sender::handle(StreamEvent&& event) {
  with_late(event.exchange, [&](LateAnswer& late, const Ports& ports) { late.take(ports, std::move(event.input)); });
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
  with_late(event.exchange, [](LateAnswer& late, const Ports& ports) { late.on_deadline(ports.now()); });
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
  work_on(id, client->second, work);
  serve(client_id, client->second);
}

template <typename Work>
void Sender::work_on(ExchangeId id, Client& client, Work work) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  SenderExchange& exchange = found->second;
  router_.context.counters.current_request.set(exchange.number());
  work(exchange, SenderPorts(router_, id, compression_, dictionaries_, client.stream(exchange.stream()),
                             client.address(), client.is_secure()));
  // What waits for a client that is gone, or after the answer has ended, is its connection's.
  exchange.count_held(router_.context, exchange.is_finished() ? 0 : client.stream(exchange.stream()).waiting_bytes());
  const bool finished = exchange.is_finished();
  router_.deadlines.set(id, finished ? kNever : exchange.deadline());
  if (!finished && exchange.awaits_link()) {
    awaiting_link_.insert(id);
  } else {
    awaiting_link_.erase(id);
  }
  if (!finished) return;
  client.set_exchange(exchange.stream(), std::nullopt);
  keep_late(id, exchange);
  exchanges_.erase(found);
}

// The rest of its answer, if that is worth taking and there is room for it.
void Sender::keep_late(ExchangeId id, SenderExchange& exchange) {
  auto late = exchange.take_late();
  if (!late) return;
  if (late_.size() >= LateAnswer::kMost || router_.context.cache.shortage() != page::Shortage::kNone)
    return late->count_end(router_.context.counters);
  router_.deadlines.set(id, late->deadline());
  late_.emplace(id, *std::move(late));
  with_late(id, [](LateAnswer& begun, const Ports& ports) { begun.begin(ports); });
}

void Sender::serve(ConnectionId id) {
  if (const auto found = clients_.find(id); found != clients_.end()) serve(id, found->second);
}

void Sender::serve(ConnectionId id, Client& client) {
  for (;;) {
    if (auto event = client.poll()) {
      take(id, client, std::move(*event));
    } else if (const auto exchange = client.poll_writable()) {
      work_on(*exchange, client, [](SenderExchange& e, const SenderPorts& ports) { e.pump(ports); });
    } else {
      break;
    }
  }
  if (client.wants_close() && !client.wants_write()) {
    const bool reset = client.wants_reset();
    note_misuse(client);
    release(id);
    router_.context.add(Close{.connection = id, .final_bytes = {}, .reset = reset});
    return;
  }
  client.reported.update(router_.context, id, client.wants_read(), client.wants_write(), client.wants_end());
  client_deadlines_.set(id, client.deadline());
  note_idle(id, client);
}

void Sender::note_misuse(const Client& client) {
  const auto misuse = client.misuse();
  if (!misuse) return;
  ended_for(router_.context.counters, *misuse).add();
  if (!misuse_log_.take(now())) return;
  router_.context.log(LogLevel::kNotice, "HTTP/2 connection of client " + client.address() +
                                             " ended: " + (*misuse == http2::Misuse::kProtocol ? "" : "too many ") +
                                             std::string(http2::name_of(*misuse)));
}

void Sender::note_idle(ConnectionId id, Client& client) {
  const bool is_idle = client.is_idle();
  if (is_idle == client.idle_place.has_value()) return;
  if (is_idle) {
    client.idle_place = idle_.insert(idle_.end(), id);
  } else {
    idle_.erase(*client.idle_place);
    client.idle_place.reset();
  }
}

void Sender::take(ConnectionId id, Client& client, Client::Event event) {
  if (auto* received = std::get_if<http::RequestReceived>(&event.event)) {
    const std::uint64_t number = next_request_++;
    const ExchangeId exchange{number};
    if (client.is_http2()) router_.context.counters.http2_requests.add();
    exchanges_.try_emplace(exchange, router_.context.config, id, event.stream, std::move(received->request), number,
                           now());
    client.set_exchange(event.stream, exchange);
    work_on(exchange, client, [](SenderExchange& begun, const SenderPorts& ports) { begun.begin(ports); });
  } else if (event.exchange) {
    work_on(*event.exchange, client,
            [&](SenderExchange& exchange, const SenderPorts& ports) { exchange.take(ports, std::move(event.event)); });
  } else if (const auto* body = std::get_if<http::RequestBody>(&event.event)) {
    // The rest of a request that was answered already.
    client.stream(event.stream).body_consumed(body->bytes.size(), now());
  }
}

void Sender::release(ConnectionId id) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second;
  for (const ExchangeId exchange : client.exchanges())
    work_on(exchange, client, [](SenderExchange& left, const SenderPorts& ports) { left.drop(ports); });
  if (client.idle_place) idle_.erase(*client.idle_place);
  clients_.erase(found);
  client_deadlines_.remove(id);
  router_.context.counters.clients_open.subtract();
}

}  // namespace railgun::proxy
