// Connections to origins: kept alive, pooled by target, tried in turn, with one safe retry. Used by a listener for
// everything and by a sender that goes direct. A core.
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
#include "railgund/config/origin_map.h"
#include "railgund/http/client_connection.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/deadlines.h"

namespace railgun::proxy {

// One request to an origin.
enum class CallId : std::uint64_t {};

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
  void end();
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

// ExchangeFailed also stands for an origin that was not reached. It and ResponseEnd are the last.
using CallInput = std::variant<http::InterimReceived, http::ResponseReceived, http::ResponseBody, http::TunnelEnd,
                               http::ResponseEnd, http::ExchangeFailed, CallWritable>;
struct CallEvent {
  ExchangeId exchange;
  CallInput input;
};

class Origins {
 public:
  explicit Origins(Context& context) : context_(context) {}

  // Asks one of the targets. The server's name for TLS is the request's host. A connection to a host that the request
  // chose goes to public addresses only, and is never shared with one that the map chose.
  OriginCall begin(ExchangeId exchange, const config::MappedOrigin& origin, http::Request request);
  std::optional<CallEvent> poll();

  // The shell's side, for connections of ConnectionKind::kOrigin. Unknown ones are ignored.
  bool owns(ConnectionId connection) const { return connections_.contains(connection); }
  void connected(ConnectionId id, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void receive_end(ConnectionId id, Instant now);
  void closed(ConnectionId id, const Error& error, Instant now);
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);

  Instant deadline() const { return deadlines_.earliest(); }
  void on_deadline(Instant now);

  // Closes what is idle (drain, new settings).
  void close_idle();

 private:
  friend class OriginCall;
  using TargetKey = std::string;
  struct Call {
    ExchangeId exchange{};
    http::Request request;
    std::vector<config::OriginTarget> targets;
    bool public_only = false;  // see Dial
    std::size_t next_target = 0;
    std::optional<ConnectionId> connection;
    std::uint16_t flags = 0;
    bool body_begun = false;
    bool ended = false;
  };
  struct Connection {
    Connection(TargetKey target_key, http::ClientLimits limits, Instant now)
        : key(std::move(target_key)), http(limits, now) {}
    TargetKey key;
    http::ClientConnection http;
    std::optional<CallId> call;
    bool is_connected = false;
    Instant idle_until = kNever;
    ReportedState reported;
  };
  struct Target {
    std::vector<ConnectionId> idle;
    std::size_t open = 0;
    std::deque<CallId> waiting;
    Instant sick_until{};  // it could not be reached a moment ago: others first
  };

  struct Queued {
    CallId call;
    CallInput input;
  };

  // For OriginCall.
  std::size_t writable_bytes(CallId call) const;
  void send_body(CallId call, ByteView bytes, Instant now);
  void send_end(CallId call, Instant now);
  void body_consumed(CallId call, std::size_t bytes, Instant now);
  void cancel(CallId call, Instant now);
  std::uint16_t flags(CallId call) const;

  void place(CallId id, Call& call, Instant now);
  void start(CallId id, Call& call, ConnectionId connection_id, Connection& connection, Instant now);
  void dial(CallId id, Call& call, const config::OriginTarget& target, const TargetKey& key, Instant now);
  void pump(ConnectionId id, Instant now);
  void report_writable(const Connection& connection);
  void finish_exchange(ConnectionId id, Connection& connection, Instant now);
  void fail_exchange(ConnectionId id, http::ExchangeFailed failure, Instant now);
  void drop(ConnectionId id, Instant now);
  void serve_waiting(const TargetKey& key, Instant now);
  http::ClientLimits limits() const;

  Context& context_;
  std::unordered_map<ConnectionId, Connection> connections_;
  std::unordered_map<CallId, Call> calls_;
  std::map<TargetKey, Target> targets_;
  std::deque<Queued> events_;
  Deadlines<ConnectionId> deadlines_;
  std::uint64_t last_call_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace railgun::proxy
