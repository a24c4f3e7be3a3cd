// The links, origins and store look-ups of one core behind one face, and which exchange each event of theirs is for.
// Used by both roles. The owner passes inputs in, then takes events with poll() until there are none, and hands each to
// the exchange that it names. A core.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "railgund/proxy/context.h"
#include "railgund/proxy/deadlines.h"
#include "railgund/proxy/origins.h"
#include "railgund/proxy/peers.h"
#include "railgund/proxy/store_lookups.h"

namespace railgun::proxy {

struct DeadlineReached {
  ExchangeId exchange;
};
using RoutedEvent = std::variant<StreamOpened, StreamEvent, LinksChanged, CallEvent, StoreAnswer, DeadlineReached>;

class Router {
 public:
  // See Sender and Listener for the arguments.
  Router(config::ConfigPtr config, page::Cache& cache, Counters& counters, bool has_store, link::Role role,
         const Greeting& greeting, std::uint64_t process = 0)
      : context{.config = std::move(config), .cache = cache, .counters = counters, .has_store = has_store},
        peers(context, role, greeting, process),
        origins(context),
        lookups(context) {}

  // The shell's side, for connections of links and to origins; unknown ones are ignored.
  void connected(ConnectionId id, Established established) {
    peers.connected(id, std::move(established.hosts), context.now);
    origins.connected(id, established.is_http2, context.now);
  }
  void receive(ConnectionId id, ByteView bytes) {
    if (peers.owns(id)) {
      peers.receive(id, bytes, context.now);
    } else {
      origins.receive(id, bytes, context.now);
    }
  }
  void receive_end(ConnectionId id) {
    if (peers.owns(id)) {
      peers.closed(id, {Errc::kUnavailable, "closed by the peer"}, context.now);
    } else {
      origins.receive_end(id, context.now);
    }
  }
  void closed(ConnectionId id, const Error& error) {
    peers.closed(id, error, context.now);
    origins.closed(id, error, context.now);
  }
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most) {
    return peers.owns(id) ? peers.pull(id, to, most, context.now) : origins.pull(id, to, most, context.now);
  }
  void on_deadline() {
    peers.on_deadline(context.now);
    origins.on_deadline(context.now);
  }
  Instant deadline() const { return std::min({peers.deadline(), origins.deadline(), deadlines.earliest()}); }

  // What has happened. To be called until there is nothing: handling an event may make others.
  std::optional<RoutedEvent> poll() {
    if (auto event = peers.poll())
      return std::visit([](auto& happened) -> RoutedEvent { return std::move(happened); }, *event);
    if (auto event = origins.poll()) return std::move(*event);
    if (auto answer = lookups.poll()) return std::move(*answer);
    if (const auto due = deadlines.take_due(context.now)) return DeadlineReached{*due};
    return std::nullopt;
  }

  // What the shell is to do.
  std::optional<Effect> poll_effect() {
    if (context.effects.empty()) return std::nullopt;
    Effect effect = std::move(context.effects.front());
    context.effects.pop_front();
    return effect;
  }

  Context context;
  Peers peers;
  Origins origins;
  StoreLookups lookups;
  Deadlines<ExchangeId> deadlines;
};

}  // namespace railgun::proxy
