// Requests to origins: connections kept alive and shared fairly, targets tried in turn, one safe retry, and an answer
// within the deadline when no connection is free or no target can be reached. Used by a listener for everything and by
// a sender that goes direct. A core.
//
// Whatever a request waits for, it ends: a connection within lan.timeout of begin(), or OriginBusy; an answer as
// http::ClientConnection says.
//
// A target that offers HTTP/2 (config::OriginTarget::http2) is asked for many requests on one connection. Then a place is
// for a request, not for a connection: kClientStreams times as many.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/base/rate_limit.h"
#include "railgund/config/origin_map.h"
#include "railgund/proxy/call_id.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/deadlines.h"
#include "railgund/proxy/origin_health.h"
#include "railgund/proxy/origin_places.h"
#include "railgund/proxy/origin_wire.h"

namespace railgun::proxy {

class Origins;

// One request to an origin, as the exchange that made it holds it. When this is gone, so is the call: no more events
// come, and its connection is closed unless the answer was complete.
class OriginCall {
 public:
  // Made by Origins, which outlives it.
  OriginCall(Origins& origins, CallId id) : origins_(&origins), id_(id) {}
  OriginCall(OriginCall&& other) noexcept : origins_(std::exchange(other.origins_, nullptr)), id_(other.id_) {}
  OriginCall& operator=(OriginCall&& other) noexcept {
    std::swap(origins_, other.origins_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~OriginCall();

  // The request's body, if it has one. writable_bytes() is 0 until the connection is up.
  std::size_t writable_bytes() const;
  void send(ByteView bytes);
  void end(const Fields& trailers = {});
  // All of the request's body is at hand, sent or not: from now on it only takes as long as the origin does.
  void upload_at_hand();
  // So many bytes of the answer's body have been passed on.
  void consumed(std::size_t bytes);
  // Flags of the Cf-Railgun header known so far: mapped, reused, restarted.
  std::uint16_t flags() const;

 private:
  Origins* origins_;  // null: moved from
  CallId id_;
};

// Room for the request's body has come up: writable_bytes() is to be looked at again.
struct CallWritable {};

// The origin was not asked. kUnavailable: every connection that the request may have is in use (setting
// origin.connections). kTimeout: the origin has not answered connections for some time. Another try after `retry_after`
// may work.
struct OriginBusy {
  Error error;
  Duration retry_after;
};

// ExchangeFailed also stands for an origin that was not reached. It, OriginBusy and ResponseEnd are the last.
using CallInput = std::variant<http::InterimReceived, http::ResponseReceived, http::ResponseBody, http::TunnelEnd,
                               http::ResponseEnd, http::ExchangeFailed, OriginBusy, CallWritable>;
struct CallEvent {
  ExchangeId exchange;
  CallInput input;
};

class Origins {
 public:
  explicit Origins(Context& context) : context_(context) {}

  // Asks one of the targets. The server's name for TLS is the request's host. A connection to a host that the request
  // chose goes to public addresses only, and is never shared with one that the map chose. `claimant`: whom connections
  // are shared between.
  OriginCall begin(ExchangeId exchange, const config::MappedOrigin& origin, http::Request request, Claimant claimant);
  std::optional<CallEvent> poll();

  // The shell's side, for connections of ConnectionKind::kOrigin. Unknown ones are ignored.
  bool owns(ConnectionId connection) const { return connections_.contains(connection); }
  // `is_http2`: ALPN has chosen it.
  void connected(ConnectionId id, bool is_http2, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  void closed(ConnectionId id, const Error& error, Instant now);
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);

  Instant deadline() const { return std::min(deadlines_.earliest(), waiting_until_.earliest()); }
  void on_deadline(Instant now);

  // Closes what is idle (drain, new settings).
  void close_idle();

  // Tables that strangers could make grow: bounded by the requests under way, and by OriginHealth::kMost.
  std::size_t pools() const { return pools_.size(); }
  std::size_t targets_in_trouble() const { return health_.size(); }

 private:
  friend class OriginCall;
  using TargetKey = std::string;
  struct Call {
    ExchangeId exchange{};
    http::Request request;
    Claimant claimant;
    OriginUse use = OriginUse::kAnswer;
    std::vector<config::OriginTarget> targets;
    std::size_t next_target = 0;
    bool public_only = false;  // see Dial
    Instant reach_until{};     // connected by then, or failed
    std::optional<ConnectionId> connection;
    bool is_waiting = false;  // in its pool's queue
    std::uint16_t flags = 0;
    bool body_begun = false;    // bytes of the request's body were given to a connection
    bool upload_ended = false;  // and its end
    Fields trailers;
    bool is_answered = false;  // the answer's head has come
    bool ended = false;
  };
  // A place of its pool that a connection holds, and for whom.
  struct Place {
    Claimant claimant;
    OriginUse use;
  };
  // A call that a connection works for.
  struct Work {
    CallId call;
    Place place;
  };
  struct Connection {
    Connection(TargetKey target_key, const http::ClientLimits& limits, Instant now)
        : key(std::move(target_key)), wire(limits, now) {}
    TargetKey key;
    OriginWire wire;
    std::vector<Work> work;  // in HTTP/1.1 at most one, once it is connected
    bool is_connected = false;
    bool offers_http2 = false;   // to the origin
    bool expects_http2 = false;  // without having to agree on it
    Instant idle_until = kNever;
    ReportedState reported;
  };
  // The connections of one target. Lives as long as there is one, or a request waits.
  struct Pool {
    explicit Pool(std::size_t most) : places(most) {}
    OriginPlaces places;
    OriginQueue queue;
    std::vector<ConnectionId> idle;    // of HTTP/1.1
    std::vector<ConnectionId> shared;  // of HTTP/2, or that may become so
    std::size_t open = 0;
    bool speaks_http1 = false;  // it has chosen that instead of HTTP/2 last time
  };

  struct Queued {
    CallId call;
    CallInput input;
  };

  // For OriginCall.
  std::size_t writable_bytes(CallId call) const;
  void send_body(CallId call, ByteView bytes, Instant now);
  void send_end(CallId call, const Fields& trailers, Instant now);
  void body_consumed(CallId call, std::size_t bytes, Instant now);
  void cancel(CallId call, Instant now);
  std::uint16_t flags(CallId call) const;

  void upload_at_hand(CallId call, Instant now);

  // Finding a connection.
  static TargetKey key_of(const config::OriginTarget& target, const Call& call);
  static TargetKey key_of(const Call& call) { return key_of(call.targets[call.next_target], call); }
  Pool& pool_of(const TargetKey& key);
  void place(CallId id, Call& call, Instant now);
  void take_place(CallId id, Call& call, Pool& pool, Instant now);
  ConnectionId dial(const config::OriginTarget& target, const TargetKey& key, const Call& call, Instant deadline);
  void use_place(CallId id, Call& call, Pool& pool, Place place, Instant now);
  bool share_connection(CallId id, Call& call, Pool& pool, Place& place, Instant now);
  void dial_for(CallId id, Call& call, Place place, Instant now);
  bool try_next_target(CallId id, Call& call, Instant now);
  void serve_waiting(const TargetKey& key, Instant now);
  void change_use(CallId id, Call& call, OriginUse use, Instant now);
  void leave_queue(CallId id, Call& call);
  void refuse(CallId id, Call& call, Error error, Duration retry_after);
  void refuse_for_connections(CallId id, Call& call, Instant now);

  // Using one.
  void start(CallId id, Call& call, ConnectionId connection_id, Connection& connection, Instant now);
  void start_all(ConnectionId id, Connection& connection, Instant now);
  void take_event(ConnectionId id, Connection& connection, OriginWire::Event event, Instant now);
  bool take_head(const http::Response& response, CallId call, ConnectionId id, Connection& connection, Instant now);
  void pump(ConnectionId id, Instant now);
  void report_writable(Connection& connection);
  void finish_call(ConnectionId id, Connection& connection, CallId call, Instant now);
  void fail_call(ConnectionId id, CallId call, http::ExchangeFailed failure, Instant now);
  void fail_all(ConnectionId id, const http::ExchangeFailed& failure, Instant now);
  std::optional<Place> take_work(Connection& connection, CallId call);
  void end_work(Connection& connection, CallId call);
  void give_back(const TargetKey& key, const Place& place);
  // After a call has left a connection: keeps it, or drops it.
  void settle(ConnectionId id, Instant now);
  void keep_idle(ConnectionId id, Connection& connection, Instant now);
  void drop(ConnectionId id, Instant now);
  http::ClientLimits limits() const;

  Context& context_;
  std::unordered_map<ConnectionId, Connection> connections_;
  std::unordered_map<CallId, Call> calls_;
  std::map<TargetKey, Pool> pools_;
  OriginHealth health_;
  std::deque<Queued> events_;
  Deadlines<ConnectionId> deadlines_;
  Deadlines<CallId> waiting_until_;
  RateLimit refusals_logged_{{.burst = 1, .interval = std::chrono::seconds(10)}};
  std::uint64_t last_call_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace railgun::proxy
