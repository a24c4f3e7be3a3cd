// What happens on a connection to an origin, from being connected until it is closed or kept.
#include <algorithm>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/origins.h"

namespace railgun::proxy {
namespace {

// How long an idle connection beyond those that the setting keeps waits for the next request: with many requests at
// once there are always some between two of theirs, and a new connection for each would cost more than the request.
constexpr Duration kSurplusIdle = std::chrono::seconds(1);
// A connection is not used in the last moments before its origin closes it as announced, for a request that is on its
// way then is lost. Half of the announced time where that is short.
constexpr Duration kIdleMargin = std::chrono::seconds(1);

bool is_event_stream(const http::Response& response) {
  constexpr std::string_view kType = "text/event-stream";
  const std::string_view type = field_value(response.fields, "content-type");
  return same_name(type.substr(0, kType.size()), kType);
}

}  // namespace

void Origins::start(CallId id, Call& call, ConnectionId connection_id, Connection& connection, Instant now) {
  call.connection = connection_id;
  connection.call = id;
  connection.idle_until = kNever;
  connection.http.set_limits(limits());
  connection.http.send_request(call.request, now);
  report_writable(connection);
  // Sent to a connection that was lost.
  if (call.upload_ended && !call.body_begun) connection.http.send_end(now, call.trailers);
  pump(connection_id, now);
}

void Origins::report_writable(const Connection& connection) {
  const auto call = connection.call ? calls_.find(*connection.call) : calls_.end();
  if (call == calls_.end()) return;
  const http::Request& request = call->second.request;
  const bool has_upload = request.body.kind != http::BodyLength::Kind::kNone || !request.upgrade.empty();
  if (has_upload && connection.http.writable_bytes() > 0) events_.push_back({call->first, CallWritable{}});
}

void Origins::connected(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  connection.is_connected = true;
  health_.reached(connection.key);
  const auto call = connection.call ? calls_.find(*connection.call) : calls_.end();
  if (call == calls_.end()) {
    keep_idle(id, connection, now);  // a probe
  } else {
    start(call->first, call->second, id, connection, now);
  }
}

void Origins::receive(ConnectionId id, ByteView bytes, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (!found->second.call) {
    // An origin that speaks unasked has lost track of its messages (RFC 9112 11.2): nothing of it can be trusted.
    drop(id, now);
    return;
  }
  context_.counters.origin_bytes.add(bytes.size());
  found->second.http.receive(bytes, now);
  pump(id, now);
}

void Origins::receive_end(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (!found->second.call) {
    drop(id, now);
    return;
  }
  found->second.http.receive_end(now);
  pump(id, now);
}

void Origins::closed(ConnectionId id, const Error& error, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (!found->second.is_connected) {
    health_.failed(found->second.key, error.code == Errc::kTimeout, now);
    fail_exchange(id, {error, false}, now);
    return;
  }
  if (found->second.call) found->second.http.connection_lost(error);
  pump(id, now);
  // Whatever the HTTP side made of it, the connection is gone.
  if (connections_.contains(id)) fail_exchange(id, {error, true}, now);
}

std::size_t Origins::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || !found->second.is_connected) return 0;
  const std::size_t count = found->second.http.pull(to, most, now);
  found->second.reported.pulled(found->second.http.wants_write());
  if (count > 0) report_writable(found->second);
  pump(id, now);
  return count;
}

// Takes the events of a connection, then tells the shell what has changed.
void Origins::pump(ConnectionId id, Instant now) {
  for (;;) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    std::optional<http::ClientEvent> event = connection.http.poll();
    if (!event) break;
    if (auto* failure = std::get_if<http::ExchangeFailed>(&*event)) {
      fail_exchange(id, std::move(*failure), now);
      return;
    }
    const auto* head = std::get_if<http::ResponseReceived>(&*event);
    if (head != nullptr && !take_head(head->response, id, connection, now)) return;
    const bool is_end = std::holds_alternative<http::ResponseEnd>(*event);
    if (connection.call) {
      std::visit([&](auto& happened) { events_.push_back({*connection.call, std::move(happened)}); }, *event);
    }
    if (is_end) {
      finish_exchange(id, connection, now);
      return;
    }
  }
  Connection& connection = connections_.find(id)->second;
  connection.reported.update(context_, id, connection.http.wants_read(),
                             connection.is_connected && connection.http.wants_write(), connection.http.wants_end());
  deadlines_.set(id, std::min(connection.http.deadline(), connection.idle_until));
}

// What the answer's head tells of the use of its connection. False: there are too many streams; the request is refused.
bool Origins::take_head(const http::Response& response, ConnectionId id, Connection& connection, Instant now) {
  const auto found = connection.call ? calls_.find(*connection.call) : calls_.end();
  if (found == calls_.end() || response.status == 101) return true;
  Call& call = found->second;
  call.is_answered = true;
  if (!is_event_stream(response)) {
    if (!call.request.upgrade.empty()) change_use(found->first, call, OriginUse::kAnswer, now);
    return true;
  }
  if (call.use == OriginUse::kStream) return true;
  OriginPlaces& places = pools_.at(connection.key).places;
  Place& place = connection.place.value();
  places.give_back(place.claimant, place.use);
  const bool is_allowed = places.may_take(place.claimant, OriginUse::kStream);
  if (is_allowed) call.use = place.use = OriginUse::kStream;
  places.take(place.claimant, place.use);
  if (is_allowed) return true;
  call.connection.reset();
  connection.call.reset();
  refuse_for_connections(found->first, call, now);
  drop(id, now);
  return false;
}

void Origins::finish_exchange(ConnectionId id, Connection& connection, Instant now) {
  if (const auto call = calls_.find(*connection.call); call != calls_.end()) call->second.ended = true;
  connection.call.reset();
  give_back_place(connection);
  if (connection.http.is_reusable()) {
    keep_idle(id, connection, now);
  } else {
    drop(id, now);
  }
}

void Origins::keep_idle(ConnectionId id, Connection& connection, Instant now) {
  const TargetKey key = connection.key;
  Pool& pool = pool_of(key);
  const unsigned kept = context_.config->origin_idleconns;
  // The last to come is the first to go on: those at the bottom are the ones that stay.
  Duration idle = context_.config->origin_idle_timeout;
  if (pool.idle.size() >= kept) idle = std::min(kSurplusIdle, idle);
  if (const auto announced = connection.http.announced_idle())
    idle = std::min(idle, *announced - std::min(kIdleMargin, *announced / 2));
  if (idle <= Duration{} || (kept == 0 && pool.queue.empty())) {
    drop(id, now);
    return;
  }
  connection.idle_until = now + idle;
  pool.idle.push_back(id);
  connection.reported.update(context_, id, true, false);
  deadlines_.set(id, connection.idle_until);
  serve_waiting(key, now);
}

void Origins::fail_exchange(ConnectionId id, http::ExchangeFailed failure, Instant now) {
  Connection& connection = connections_.at(id);
  const auto found = connection.call ? calls_.find(*connection.call) : calls_.end();
  if (found == calls_.end()) {
    drop(id, now);
    return;
  }
  Call& call = found->second;
  // A kept-alive connection that the origin closed under our request: once more, if that is safe (RFC 9110 9.2.2).
  const bool was_connected = connection.is_connected;
  const bool lost_race = was_connected && connection.http.exchanges() > 1 && !failure.answer_begun &&
                         failure.error.code == Errc::kUnavailable;
  if (lost_race && (call.flags & kOriginRestarted) == 0 && is_idempotent(call.request.method) && !call.body_begun) {
    call.flags = static_cast<std::uint16_t>((call.flags | kOriginRestarted) & ~kOriginReused);
    context_.counters.origin_retries.add();
    Place place = std::move(connection.place).value();
    connection.place.reset();  // goes on to the next connection
    drop(id, now);
    dial_for(found->first, call, std::move(place), now);
    return;
  }
  call.connection.reset();
  drop(id, now);
  if (!was_connected && try_next_target(found->first, call, now)) return;
  context_.counters.origin_failures.add();
  call.ended = true;
  events_.push_back({found->first, std::move(failure)});
}

void Origins::give_back_place(Connection& connection) {
  if (!connection.place) return;
  const Place place = std::move(*connection.place);
  connection.place.reset();
  pools_.at(connection.key).places.give_back(place.claimant, place.use);
}

void Origins::drop(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const TargetKey key = found->second.key;
  give_back_place(found->second);
  connections_.erase(found);
  deadlines_.remove(id);
  context_.add(Close{.connection = id, .final_bytes = {}});
  Pool& pool = pools_.at(key);
  --pool.open;
  std::erase(pool.idle, id);
  serve_waiting(key, now);
}

void Origins::on_deadline(Instant now) {
  while (const auto id = waiting_until_.take_due(now)) {
    Call& call = calls_.at(*id);
    leave_queue(*id, call);
    refuse_for_connections(*id, call, now);
  }
  while (const auto id = deadlines_.take_due(now)) {
    const auto found = connections_.find(*id);
    if (found == connections_.end()) continue;
    if (!found->second.call) {
      drop(*id, now);
      continue;
    }
    found->second.http.on_deadline(now);
    pump(*id, now);
  }
}

void Origins::close_idle() {
  std::vector<ConnectionId> idle;
  for (const auto& [id, connection] : connections_) {
    if (!connection.call && connection.is_connected) idle.push_back(id);
  }
  for (const ConnectionId id : idle) drop(id, context_.now);
}

}  // namespace railgun::proxy
