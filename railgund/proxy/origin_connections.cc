// What happens on a connection to an origin, from being connected until it is closed or kept.
#include <algorithm>
#include <iterator>
#include <utility>

#include "railgund/base/check.h"
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
  connection.idle_until = kNever;
  connection.wire.set_limits(limits());
  connection.wire.start(id, call.request, is_grpc(call.request), now);
  // Sent to a connection that was lost.
  if (call.upload_ended && !call.body_begun) connection.wire.send_end(id, call.trailers, now);
  pump(connection_id, now);
}

void Origins::report_writable(Connection& connection) {
  while (const auto id = connection.wire.poll_writable()) {
    const auto call = calls_.find(*id);
    if (call == calls_.end()) continue;
    const http::Request& request = call->second.request;
    const bool has_upload = request.body.kind != http::BodyLength::Kind::kNone || !request.upgrade.empty();
    if (has_upload && connection.wire.writable_bytes(*id) > 0) events_.push_back({*id, CallWritable{}});
  }
}

void Origins::connected(ConnectionId id, bool is_http2, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  connection.is_connected = true;
  health_.reached(connection.key);
  Pool& pool = pool_of(connection.key);
  if (connection.offers_http2) {
    const bool speaks_http2 = is_http2 || connection.expects_http2;
    pool.speaks_http1 = !speaks_http2;
    if (speaks_http2) {
      connection.wire.use_http2(now);
    } else {
      std::erase(pool.shared, id);
    }
  }
  if (connection.work.empty()) {
    keep_idle(id, connection, now);  // a probe
  } else {
    start_all(id, connection, now);
  }
}

// Those that a connection of HTTP/1.1 has no room for go elsewhere.
void Origins::start_all(ConnectionId id, Connection& connection, Instant now) {
  std::vector<Work> others;
  if (!connection.wire.is_http2() && connection.work.size() > 1) {
    others.assign(std::make_move_iterator(connection.work.begin() + 1), std::make_move_iterator(connection.work.end()));
    connection.work.erase(connection.work.begin() + 1, connection.work.end());
  }
  std::vector<CallId> first;
  for (const Work& work : connection.work) first.push_back(work.call);
  const TargetKey key = connection.key;
  for (const CallId call_id : first) {
    const auto call = calls_.find(call_id);
    const auto found = connections_.find(id);
    if (call == calls_.end() || found == connections_.end()) continue;
    start(call_id, call->second, id, found->second, now);
  }
  for (Work& work : others) {
    Call& call = calls_.at(work.call);
    call.connection.reset();
    use_place(work.call, call, pool_of(key), std::move(work.place), now);
  }
}

void Origins::receive(ConnectionId id, ByteView bytes, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.work.empty() && !found->second.wire.is_http2()) {
    // An origin that speaks unasked has lost track of its messages (RFC 9112 11.2): nothing of it can be trusted.
    drop(id, now);
    return;
  }
  context_.counters.origin_bytes.add(bytes.size());
  found->second.wire.receive(bytes, now);
  pump(id, now);
}

void Origins::receive_end(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (found->second.work.empty()) {
    drop(id, now);
    return;
  }
  found->second.wire.receive_end(now);
  pump(id, now);
}

void Origins::closed(ConnectionId id, const Error& error, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  if (!found->second.is_connected) {
    health_.failed(found->second.key, error.code == Errc::kTimeout, now);
    fail_all(id, {error, false}, now);
    return;
  }
  if (!found->second.work.empty()) found->second.wire.lost(error);
  pump(id, now);
  // Whatever the HTTP side made of it, the connection is gone.
  fail_all(id, {error, true}, now);
}

std::size_t Origins::pull(ConnectionId id, Bytes& to, std::size_t most, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || !found->second.is_connected) return 0;
  const std::size_t count = found->second.wire.pull(to, most, now);
  found->second.reported.pulled(found->second.wire.wants_write());
  pump(id, now);
  return count;
}

// Takes the events of a connection, then tells the shell what has changed.
void Origins::pump(ConnectionId id, Instant now) {
  for (;;) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    auto event = found->second.wire.poll();
    if (!event) break;
    take_event(id, found->second, *std::move(event), now);
  }
  Connection& connection = connections_.find(id)->second;
  report_writable(connection);
  if (connection.is_connected && connection.work.empty() && connection.wire.is_over()) return drop(id, now);
  connection.reported.update(context_, id, connection.wire.wants_read(),
                             connection.is_connected && connection.wire.wants_write(), connection.wire.wants_end());
  deadlines_.set(id, std::min(connection.wire.deadline(), connection.idle_until));
}

void Origins::take_event(ConnectionId id, Connection& connection, OriginWire::Event event, Instant now) {
  if (auto* failure = std::get_if<http::ExchangeFailed>(&event.event))
    return fail_call(id, event.call, std::move(*failure), now);
  const auto* head = std::get_if<http::ResponseReceived>(&event.event);
  if (head != nullptr && !take_head(head->response, event.call, id, connection, now)) return;
  const bool is_end = std::holds_alternative<http::ResponseEnd>(event.event);
  std::visit([&](auto& happened) { events_.push_back({event.call, std::move(happened)}); }, event.event);
  if (is_end) finish_call(id, connection, event.call, now);
}

// What the answer's head tells of the use of its connection. False: there are too many streams; the request is refused.
bool Origins::take_head(const http::Response& response, CallId call_id, ConnectionId id, Connection& connection,
                        Instant now) {
  const auto found = calls_.find(call_id);
  if (found == calls_.end() || response.status == 101) return true;
  Call& call = found->second;
  call.is_answered = true;
  if (!is_event_stream(response)) {
    if (!call.request.upgrade.empty()) change_use(found->first, call, OriginUse::kAnswer, now);
    return true;
  }
  if (call.use == OriginUse::kStream) return true;
  OriginPlaces& places = pools_.at(connection.key).places;
  const auto work = std::find_if(connection.work.begin(), connection.work.end(),
                                 [&](const Work& one) { return one.call == call_id; });
  RAILGUN_CHECK(work != connection.work.end());
  Place& place = work->place;
  places.give_back(place.claimant, place.use);
  const bool is_allowed = places.may_take(place.claimant, OriginUse::kStream);
  if (is_allowed) call.use = place.use = OriginUse::kStream;
  places.take(place.claimant, place.use);
  if (is_allowed) return true;
  call.connection.reset();
  connection.wire.cancel(call_id);
  end_work(connection, call_id);
  refuse_for_connections(call_id, call, now);
  settle(id, now);
  return false;
}

void Origins::finish_call(ConnectionId id, Connection& connection, CallId call, Instant now) {
  if (const auto found = calls_.find(call); found != calls_.end()) found->second.ended = true;
  end_work(connection, call);
  settle(id, now);
}

std::optional<Origins::Place> Origins::take_work(Connection& connection, CallId call) {
  const auto work =
      std::find_if(connection.work.begin(), connection.work.end(), [&](const Work& one) { return one.call == call; });
  if (work == connection.work.end()) return std::nullopt;
  Place place = std::move(work->place);
  connection.work.erase(work);
  return place;
}

void Origins::end_work(Connection& connection, CallId call) {
  if (const auto place = take_work(connection, call)) give_back(connection.key, *place);
}

void Origins::give_back(const TargetKey& key, const Place& place) {
  pools_.at(key).places.give_back(place.claimant, place.use);
}

void Origins::settle(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (!connection.work.empty()) {
    const TargetKey key = connection.key;
    return serve_waiting(key, now);
  }
  if (connection.is_connected && !connection.wire.is_over()) {
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
  const bool is_shared = connection.wire.is_http2();
  if ((is_shared ? pool.shared.size() - 1 : pool.idle.size()) >= kept) idle = std::min(kSurplusIdle, idle);
  if (const auto announced = connection.wire.announced_idle())
    idle = std::min(idle, *announced - std::min(kIdleMargin, *announced / 2));
  if (idle <= Duration{} || (kept == 0 && pool.queue.empty())) {
    drop(id, now);
    return;
  }
  connection.idle_until = now + idle;
  if (!is_shared) pool.idle.push_back(id);
  connection.reported.update(context_, id, true, connection.wire.wants_write());
  deadlines_.set(id, connection.idle_until);
  serve_waiting(key, now);
}

// A call has failed on its connection, which may go on in HTTP/2.
void Origins::fail_call(ConnectionId id, CallId call_id, http::ExchangeFailed failure, Instant now) {
  Connection& connection = connections_.at(id);
  const bool was_connected = connection.is_connected;
  const bool was_used = connection.wire.was_used();
  const TargetKey key = connection.key;
  std::optional<Place> place = take_work(connection, call_id);
  const auto found = calls_.find(call_id);
  if (found == calls_.end()) {
    if (place) give_back(key, *place);
    return settle(id, now);
  }
  Call& call = found->second;
  // A kept-alive connection that the origin closed under our request: once more, if that is safe (RFC 9110 9.2.2). What
  // the origin has not processed is safe whatever the method (RFC 9113 8.7).
  const bool lost_race = was_connected && was_used && !failure.answer_begun &&
                         failure.error.code == Errc::kUnavailable && is_idempotent(call.request.method);
  const bool may_repeat = lost_race || (was_connected && failure.not_processed);
  if (place && may_repeat && (call.flags & kOriginRestarted) == 0 && !call.body_begun) {
    call.flags = static_cast<std::uint16_t>((call.flags | kOriginRestarted) & ~kOriginReused);
    context_.counters.origin_retries.add();
    call.connection.reset();
    // Another connection is made: one that was kept may be lost in the same way.
    if (!share_connection(call_id, call, pool_of(key), *place, now)) dial_for(call_id, call, *std::move(place), now);
    return settle(id, now);
  }
  call.connection.reset();
  if (place) give_back(key, *place);
  settle(id, now);
  if (!was_connected && try_next_target(call_id, call, now)) return;
  context_.counters.origin_failures.add();
  call.ended = true;
  events_.push_back({call_id, std::move(failure)});
}

// The connection is gone, or will not be.
void Origins::fail_all(ConnectionId id, const http::ExchangeFailed& failure, Instant now) {
  for (;;) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    if (found->second.work.empty()) return drop(id, now);
    std::erase(pools_.at(found->second.key).shared, id);
    fail_call(id, found->second.work.back().call, failure, now);
  }
}

void Origins::drop(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const TargetKey key = found->second.key;
  for (const Work& work : found->second.work) give_back(key, work.place);
  connections_.erase(found);
  deadlines_.remove(id);
  context_.add(Close{.connection = id, .final_bytes = {}});
  Pool& pool = pools_.at(key);
  --pool.open;
  std::erase(pool.idle, id);
  std::erase(pool.shared, id);
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
    if (found->second.work.empty()) {
      drop(*id, now);
      continue;
    }
    found->second.wire.on_deadline(now);
    pump(*id, now);
  }
}

void Origins::close_idle() {
  std::vector<ConnectionId> idle;
  for (const auto& [id, connection] : connections_) {
    if (connection.work.empty() && connection.is_connected) idle.push_back(id);
  }
  for (const ConnectionId id : idle) drop(id, context_.now);
}

}  // namespace railgun::proxy
