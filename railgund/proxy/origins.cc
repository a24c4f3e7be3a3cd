#include "railgund/proxy/origins.h"

#include <algorithm>

#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"
#include "railgund/proxy/message_codec.h"

namespace railgun::proxy {
namespace {

// How long a target that could not be reached is tried after the others.
constexpr Duration kSickFor = std::chrono::seconds(10);
// How long an idle connection beyond those that the setting keeps waits for the next request: with many requests at
// once there are always some between two of theirs, and a new connection for each would cost more than the request.
constexpr Duration kSurplusIdle = std::chrono::seconds(1);
// Calls that wait for a connection to one target, beyond which new ones are refused at once.
constexpr std::size_t kMostWaiting = 1000;

std::string key_of(const config::OriginTarget& target, std::string_view server_name, bool public_only) {
  return (public_only ? "public " : "") + (target.secure ? "https " + std::string(server_name) + " " : "http ") +
         to_string(target.endpoint);
}

}  // namespace

http::ClientLimits Origins::limits() const {
  http::ClientLimits limits;
  limits.head_timeout = context_.config->lan_timeout;
  limits.body_timeout = context_.config->origin_body_timeout;
  limits.upgrade_timeout = context_.config->upgrade_timeout;
  limits.half_closed_timeout = context_.config->half_closed_timeout;
  return limits;
}

OriginCall::~OriginCall() {
  if (origins_ != nullptr) origins_->cancel(id_, origins_->context_.now);
}
std::size_t OriginCall::writable_bytes() const { return origins_->writable_bytes(id_); }
void OriginCall::send(ByteView bytes) { origins_->send_body(id_, bytes, origins_->context_.now); }
void OriginCall::end() { origins_->send_end(id_, origins_->context_.now); }
void OriginCall::consumed(std::size_t bytes) { origins_->body_consumed(id_, bytes, origins_->context_.now); }
std::uint16_t OriginCall::flags() const { return origins_->flags(id_); }

OriginCall Origins::begin(ExchangeId exchange, const config::MappedOrigin& origin, http::Request request) {
  const Instant now = context_.now;
  const CallId id{++last_call_};
  Call call;
  call.exchange = exchange;
  call.request = std::move(request);
  call.targets = origin.targets;
  call.public_only = origin.address_from_host;
  if (origin.from_map) call.flags |= kOriginMapped;
  if (origin.from_default) call.flags |= kOriginDefault;
  // In turn, the ones that answered last time first.
  if (call.targets.size() > 1) {
    std::rotate(call.targets.begin(), call.targets.begin() + static_cast<std::ptrdiff_t>(turn_++ % call.targets.size()),
                call.targets.end());
    std::stable_partition(call.targets.begin(), call.targets.end(), [&](const config::OriginTarget& target) {
      const auto known = targets_.find(key_of(target, host_name(call.request.host), call.public_only));
      return known == targets_.end() || known->second.sick_until <= now;
    });
  }
  place(id, calls_.emplace(id, std::move(call)).first->second, now);
  return {*this, id};
}

void Origins::place(CallId id, Call& call, Instant now) {
  const config::OriginTarget& target = call.targets[call.next_target];
  const TargetKey key = key_of(target, host_name(call.request.host), call.public_only);
  Target& pool = targets_[key];
  while (!pool.idle.empty()) {
    const ConnectionId connection_id = pool.idle.back();
    pool.idle.pop_back();
    const auto found = connections_.find(connection_id);
    if (found == connections_.end()) continue;
    context_.counters.origin_reused.add();
    call.flags |= kOriginReused;
    start(id, call, connection_id, found->second, now);
    return;
  }
  if (pool.open < context_.config->origin_connections) {
    dial(id, call, target, key, now);
  } else if (pool.waiting.size() < kMostWaiting) {
    pool.waiting.push_back(id);
  } else {
    call.ended = true;
    events_.push_back(
        {id, http::ExchangeFailed{{Errc::kUnavailable, "too many requests wait for " + to_string(target.endpoint)},
                                  false}});
  }
}

void Origins::dial(CallId id, Call& call, const config::OriginTarget& target, const TargetKey& key, Instant now) {
  const ConnectionId connection_id = context_.new_connection();
  Connection& connection = connections_.try_emplace(connection_id, key, limits(), now).first->second;
  connection.call = id;
  call.connection = connection_id;
  ++targets_[key].open;
  context_.counters.origin_connections.add();
  context_.add(Dial{.connection = connection_id,
                    .kind = ConnectionKind::kOrigin,
                    .endpoint = target.endpoint,
                    .secure = target.secure,
                    .server_name = std::string(host_name(call.request.host)),
                    .public_only = call.public_only,
                    .deadline = now + std::min(context_.config->origin_connect_timeout, context_.config->lan_timeout)});
}

void Origins::start(CallId id, Call& call, ConnectionId connection_id, Connection& connection, Instant now) {
  call.connection = connection_id;
  connection.call = id;
  connection.idle_until = kNever;
  connection.http.set_limits(limits());
  connection.http.send_request(call.request, now);
  report_writable(connection);
  pump(connection_id, now);
}

void Origins::report_writable(const Connection& connection) {
  const auto call = connection.call ? calls_.find(*connection.call) : calls_.end();
  if (call == calls_.end()) return;
  const http::Request& request = call->second.request;
  const bool has_upload = request.body.kind != http::BodyLength::Kind::kNone || !request.upgrade.empty();
  if (has_upload && connection.http.writable_bytes() > 0) events_.push_back({call->first, CallWritable{}});
}

std::size_t Origins::writable_bytes(CallId call) const {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection) return 0;
  const auto connection = connections_.find(*found->second.connection);
  return connection == connections_.end() || !connection->second.is_connected
             ? 0
             : connection->second.http.writable_bytes();
}

void Origins::send_body(CallId call, ByteView bytes, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || found->second.ended) return;
  found->second.body_begun = true;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.http.send_body(bytes, now);
    pump(id, now);
  }
}

void Origins::send_end(CallId call, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || found->second.ended) return;
  found->second.body_begun = true;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.http.send_end(now);
    pump(id, now);
  }
}

void Origins::body_consumed(CallId call, std::size_t bytes, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second.connection || bytes == 0) return;
  const ConnectionId id = *found->second.connection;
  if (const auto connection = connections_.find(id); connection != connections_.end()) {
    connection->second.http.body_consumed(bytes, now);
    pump(id, now);
  }
}

void Origins::cancel(CallId call, Instant now) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  const std::optional<ConnectionId> connection = found->second.connection;
  const bool ended = found->second.ended;
  calls_.erase(found);
  if (connection && !ended) drop(*connection, now);
}

std::optional<CallEvent> Origins::poll() {
  while (!events_.empty()) {
    Queued queued = std::move(events_.front());
    events_.pop_front();
    if (const auto call = calls_.find(queued.call); call != calls_.end())
      return CallEvent{call->second.exchange, std::move(queued.input)};
  }
  return std::nullopt;
}

std::uint16_t Origins::flags(CallId call) const {
  const auto found = calls_.find(call);
  return found == calls_.end() ? std::uint16_t{0} : found->second.flags;
}

void Origins::connected(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  found->second.is_connected = true;
  targets_[found->second.key].sick_until = Instant{};
  const auto call = found->second.call ? calls_.find(*found->second.call) : calls_.end();
  if (call == calls_.end()) {
    drop(id, now);
    return;
  }
  start(call->first, call->second, id, found->second, now);
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
  if (found->second.is_connected) {
    if (found->second.call) found->second.http.connection_lost(error);
    pump(id, now);
    // Whatever the HTTP side made of it, the connection is gone.
    if (connections_.contains(id)) fail_exchange(id, {error, true}, now);
    return;
  }
  targets_[found->second.key].sick_until = now + kSickFor;
  fail_exchange(id, {error, false}, now);
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

void Origins::finish_exchange(ConnectionId id, Connection& connection, Instant now) {
  if (const auto call = calls_.find(*connection.call); call != calls_.end()) call->second.ended = true;
  connection.call.reset();
  Target& pool = targets_[connection.key];
  const TargetKey key = connection.key;
  const unsigned kept = context_.config->origin_idleconns;
  if (!connection.http.is_reusable() || (kept == 0 && pool.waiting.empty())) {
    drop(id, now);
    return;
  }
  // The last to come is the first to go on: those at the bottom are the ones that stay.
  const Duration timeout = context_.config->origin_idle_timeout;
  connection.idle_until = now + (pool.idle.size() < kept ? timeout : std::min(kSurplusIdle, timeout));
  pool.idle.push_back(id);
  connection.reported.update(context_, id, true, false);
  deadlines_.set(id, connection.idle_until);
  serve_waiting(key, now);
}

void Origins::fail_exchange(ConnectionId id, http::ExchangeFailed failure, Instant now) {
  const auto found = connections_.find(id);
  const std::optional<CallId> call_id = found->second.call;
  const bool was_connected = found->second.is_connected;
  const bool was_reused = found->second.http.exchanges() > 1;
  drop(id, now);
  const auto found_call = call_id ? calls_.find(*call_id) : calls_.end();
  if (found_call == calls_.end()) return;
  Call& call = found_call->second;
  call.connection.reset();
  context_.counters.origin_failures.add();

  const bool nothing_sent = !was_connected && failure.error.code != Errc::kTimeout;
  if (nothing_sent && call.next_target + 1 < call.targets.size()) {
    ++call.next_target;
    place(call_id.value(), call, now);
    return;
  }
  // A kept-alive connection that the origin closed under our request: once more, if that is safe (RFC 9110 9.2.2).
  const bool lost_race =
      was_connected && was_reused && !failure.answer_begun && failure.error.code == Errc::kUnavailable;
  if (lost_race && (call.flags & kOriginRestarted) == 0 && is_idempotent(call.request.method) && !call.body_begun) {
    call.flags = static_cast<std::uint16_t>((call.flags | kOriginRestarted) & ~kOriginReused);
    context_.counters.origin_retries.add();
    const config::OriginTarget target = call.targets[call.next_target];
    dial(call_id.value(), call, target, key_of(target, host_name(call.request.host), call.public_only), now);
    return;
  }
  call.ended = true;
  events_.push_back({call_id.value(), std::move(failure)});
}

void Origins::drop(ConnectionId id, Instant now) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const TargetKey key = found->second.key;
  connections_.erase(found);
  deadlines_.remove(id);
  context_.add(Close{.connection = id, .final_bytes = {}});
  Target& pool = targets_[key];
  --pool.open;
  std::erase(pool.idle, id);
  serve_waiting(key, now);
}

void Origins::serve_waiting(const TargetKey& key, Instant now) {
  const auto found = targets_.find(key);
  if (found == targets_.end()) return;
  Target& pool = found->second;
  while (!pool.waiting.empty() && (!pool.idle.empty() || pool.open < context_.config->origin_connections)) {
    const CallId id = pool.waiting.front();
    pool.waiting.pop_front();
    if (const auto call = calls_.find(id); call != calls_.end()) place(id, call->second, now);
  }
  if (pool.open == 0 && pool.waiting.empty() && pool.sick_until <= now) targets_.erase(found);
}

void Origins::on_deadline(Instant now) {
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
    if (!connection.call) idle.push_back(id);
  }
  for (const ConnectionId id : idle) drop(id, Instant{});
}

}  // namespace railgun::proxy
