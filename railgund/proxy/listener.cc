#include "railgund/proxy/listener.h"

#include <algorithm>
#include <utility>

#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// The senders hear of a drain before requests are refused, also where nobody takes over: uploads that have begun cannot
// go elsewhere.
constexpr Duration kLeastDrainTimeout = std::chrono::seconds(1);

}  // namespace

Listener::Listener(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store,
                   ByteView reference_key, const std::string& build, Instant now)
    : router_(std::move(config), cache, counters, has_store, link::Role::kAnswerer,
              Greeting{.reference_key = to_bytes(reference_key), .build = build}),
      hash_(reference_key) {
  configure(router_.context.config, has_store, now);
}

void Listener::configure(config::ConfigPtr config, bool has_store, Instant now) {
  router_.context.now = now;
  router_.context.isolation = isolation_rules(*config);
  router_.context.config = std::move(config);
  router_.context.has_store = has_store;
  router_.origins.close_idle();
  router_.peers.keep(router_.context.config->wan_dial, router_.context.config->wan_lanes, now);
  settle();
}

void Listener::drain(Duration timeout, Instant now) {
  router_.context.now = now;
  draining_ = true;
  router_.peers.drain(std::max(timeout, kLeastDrainTimeout), now);
  settle();
}

void Listener::cut_links(const std::string& peer, Instant now) {
  router_.context.now = now;
  router_.peers.cut_named(peer, now);
  settle();
}

ConnectionId Listener::accepted(Incoming incoming, Instant now) {
  router_.context.now = now;
  const ConnectionId id = router_.context.new_connection();
  if (incoming.kind == ConnectionKind::kLink) router_.peers.accepted(id, incoming.peer, std::move(incoming.hosts), now);
  settle();
  return id;
}

void Listener::connected(ConnectionId id, Established established, Instant now) {
  router_.context.now = now;
  router_.connected(id, std::move(established));
  settle();
}

void Listener::receive(ConnectionId id, ByteView bytes, Instant now) {
  router_.context.now = now;
  router_.receive(id, bytes);
  settle();
}

void Listener::receive_end(ConnectionId id, Instant now) {
  router_.context.now = now;
  router_.receive_end(id);
  settle();
}

void Listener::closed(ConnectionId id, const Error& error, Instant now) {
  router_.context.now = now;
  router_.closed(id, error);
  settle();
}

std::size_t Listener::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  router_.context.now = now;
  const std::size_t count = router_.pull(id, to, most);
  settle();
  return count;
}

void Listener::store_answer(TicketId ticket, std::optional<Bytes> item, Instant now) {
  router_.context.now = now;
  router_.lookups.answered(ticket, std::move(item));
  settle();
}

void Listener::on_deadline(Instant now) {
  router_.context.now = now;
  router_.on_deadline();
  settle();
}

void Listener::settle() {
  while (auto event = router_.poll()) {
    std::visit([this](auto& happened) { handle(std::move(happened)); }, *event);
  }
}

void Listener::handle(StreamOpened&& event) {
  auto ask = decode_ask(event.head.prelude, std::move(event.head.fields));
  if (!ask) {
    router_.context.log(LogLevel::kError, "a sender's request cannot be read: " + ask.error().text);
    router_.peers.reject(event.stream, link::ResetCode::kBadMessage);
    return;
  }
  const ExchangeId id{++last_exchange_};
  exchanges_.try_emplace(id, router_.context.config, router_.peers.take(event.stream, id), std::move(*ask), hash_,
                         router_.context.now);
  with(id, [](ListenerExchange& exchange, const Ports& ports) { exchange.begin(ports); });
}

void Listener::handle(StreamEvent&& event) {
  with(event.exchange,
       [&](ListenerExchange& exchange, const Ports& ports) { exchange.take(ports, std::move(event.input)); });
}

void Listener::handle(CallEvent&& event) {
  with(event.exchange,
       [&](ListenerExchange& exchange, const Ports& ports) { exchange.take(ports, std::move(event.input)); });
}

void Listener::handle(StoreAnswer&& event) {
  with(event.exchange,
       [&](ListenerExchange& exchange, const Ports& ports) { exchange.take(ports, event.ticket, event.item); });
}

void Listener::handle(DeadlineReached&& event) {
  with(event.exchange, [](ListenerExchange& exchange, const Ports& ports) { exchange.on_deadline(ports); });
}

template <typename Work>
void Listener::with(ExchangeId id, Work work) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  ListenerExchange& exchange = found->second;
  router_.context.counters.current_request.set(exchange.number());
  work(exchange, Ports(router_, id));
  exchange.count_held(router_.context);
  router_.deadlines.set(id, exchange.is_finished() ? kNever : exchange.deadline());
  if (exchange.is_finished()) exchanges_.erase(found);
}

}  // namespace railgun::proxy
