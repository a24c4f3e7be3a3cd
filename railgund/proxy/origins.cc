// Finding a connection for a request: places, waiting, other targets.
#include "railgund/proxy/origins.h"

#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/proxy/cf_railgun.h"
#include "railgund/proxy/forwarding.h"

namespace railgun::proxy {
namespace {

// How long a target may take to be reached where there is another one.
constexpr Duration kTryNextAfter = std::chrono::seconds(2);
// What a client is told to wait for when all connections are in use.
constexpr Duration kRetryAfter = std::chrono::seconds(5);
// Of an upload that the origin takes slowly.
constexpr std::size_t kUploadRoom = 64 * 1024;
// In the keys of targets that are offered HTTP/2.
constexpr std::string_view kHttp2Key = "h2 ";

}  // namespace

// Upgrades are of HTTP/1.1: they have connections of their own.
Origins::TargetKey Origins::key_of(const config::OriginTarget& target, const Call& call) {
  const bool offers_http2 = target.http2 && call.request.upgrade.empty();
  return std::string(call.public_only ? "public " : "") + std::string(offers_http2 ? kHttp2Key : "") +
         (target.secure ? "https " + std::string(host_name(call.request.host)) + " " : "http ") +
         to_string(target.endpoint);
}

http::ClientLimits Origins::limits() const {
  http::ClientLimits limits;
  limits.output_bytes = kUploadRoom;
  limits.head_timeout = context_.config->lan_timeout;
  limits.body_timeout = context_.config->origin_body_timeout;
  limits.upgrade_timeout = context_.config->upgrade_timeout;
  limits.half_closed_timeout = context_.config->half_closed_timeout;
  return limits;
}

OriginCall Origins::begin(ExchangeId exchange, const config::MappedOrigin& origin, http::Request request,
                          Claimant claimant) {
  const Instant now = context_.now;
  const CallId id{++last_call_};
  Call call;
  call.exchange = exchange;
  call.request = std::move(request);
  call.claimant = std::move(claimant);
  const bool has_upload = call.request.body != http::BodyLength{} &&
                          call.request.body != http::BodyLength{http::BodyLength::Kind::kKnown, 0};
  if (has_upload || !call.request.upgrade.empty()) call.use = OriginUse::kStream;
  call.targets = origin.targets;
  call.public_only = origin.address_from_host;
  call.reach_until = now + context_.config->lan_timeout;
  if (origin.from_map) call.flags |= kOriginMapped;
  if (origin.from_default) call.flags |= kOriginDefault;
  // In turn, the ones that answered last time first.
  if (call.targets.size() > 1) {
    std::rotate(call.targets.begin(), call.targets.begin() + static_cast<std::ptrdiff_t>(turn_++ % call.targets.size()),
                call.targets.end());
    std::stable_partition(call.targets.begin(), call.targets.end(), [&](const config::OriginTarget& target) {
      return !health_.is_sick(key_of(target, call), now);
    });
  }
  place(id, calls_.emplace(id, std::move(call)).first->second, now);
  return {*this, id};
}

Origins::Pool& Origins::pool_of(const TargetKey& key) {
  const std::size_t connections = context_.config->origin_connections;
  Pool& pool = pools_.try_emplace(key, connections).first->second;
  const bool is_shared = key.find(kHttp2Key) != std::string::npos && !pool.speaks_http1;
  pool.places.set_most(is_shared ? connections * http2::kClientStreams : connections);
  return pool;
}

void Origins::place(CallId id, Call& call, Instant now) {
  const config::OriginTarget& target = call.targets[call.next_target];
  const TargetKey key = key_of(call);
  if (health_.is_open(key)) {
    if (health_.begin_probe(key, now)) dial(target, key, call, now + context_.config->origin_connect_timeout);
    if (try_next_target(id, call, now)) return;
    const std::string text = to_string(target.endpoint) + " did not answer the last connections: i/o timeout";
    context_.log_limited(FrequentError::kOrigin, call.request.host + ": " + text);
    context_.counters.origin_failures.add();
    refuse(id, call, {Errc::kTimeout, text}, health_.until_probe(key, now));
    return;
  }
  Pool& pool = pool_of(key);
  if (pool.places.may_take(call.claimant, call.use)) {
    take_place(id, call, pool, now);
  } else if (pool.queue.add(id, call.claimant, call.use)) {
    call.is_waiting = true;
    waiting_until_.set(id, call.reach_until);
  } else {
    refuse_for_connections(id, call, now);
  }
}

// The place must be free.
void Origins::take_place(CallId id, Call& call, Pool& pool, Instant now) {
  pool.places.take(call.claimant, call.use);
  use_place(id, call, pool, Place{call.claimant, call.use}, now);
}

// A connection for a call that has its place: one that is there, or a new one.
void Origins::use_place(CallId id, Call& call, Pool& pool, Place place, Instant now) {
  if (share_connection(id, call, pool, place, now)) return;
  while (!pool.idle.empty()) {
    const ConnectionId connection_id = pool.idle.back();
    pool.idle.pop_back();
    const auto found = connections_.find(connection_id);
    // What is due to be closed is no longer used, however late on_deadline() comes.
    if (found == connections_.end() || found->second.idle_until <= now) continue;
    context_.counters.origin_reused.add();
    call.flags |= kOriginReused;
    found->second.work.push_back({id, std::move(place)});
    start(id, call, connection_id, found->second, now);
    return;
  }
  // Places are requests where connections are shared: there may be one for a request, and no connection.
  if (pool.open >= context_.config->origin_connections) {
    pool.places.give_back(place.claimant, place.use);
    return refuse_for_connections(id, call, now);
  }
  dial_for(id, call, std::move(place), now);
}

// On a connection of HTTP/2 that has room, or behind others that wait for one. False: there is none.
bool Origins::share_connection(CallId id, Call& call, Pool& pool, Place& place, Instant now) {
  for (const ConnectionId connection_id : pool.shared) {
    Connection& connection = connections_.at(connection_id);
    const bool has_room = connection.is_connected ? connection.wire.has_room() && connection.idle_until > now
                                                  : connection.work.size() < http2::kClientStreams;
    if (!has_room) continue;
    connection.work.push_back({id, std::move(place)});
    call.connection = connection_id;
    if (!connection.is_connected) return true;
    context_.counters.origin_reused.add();
    call.flags |= kOriginReused;
    start(id, call, connection_id, connection, now);
    return true;
  }
  return false;
}

void Origins::dial_for(CallId id, Call& call, Place place, Instant now) {
  const config::OriginTarget& target = call.targets[call.next_target];
  const bool is_last = call.next_target + 1 == call.targets.size();
  const Duration timeout = is_last ? context_.config->origin_connect_timeout
                                   : std::min(context_.config->origin_connect_timeout, kTryNextAfter);
  const ConnectionId connection = dial(target, key_of(call), call, std::min(now + timeout, call.reach_until));
  connections_.at(connection).work.push_back({id, std::move(place)});
  call.connection = connection;
}

// As `call` needs it, but not for it yet.
ConnectionId Origins::dial(const config::OriginTarget& target, const TargetKey& key, const Call& call,
                           Instant deadline) {
  const ConnectionId id = context_.new_connection();
  Connection& connection = connections_.try_emplace(id, key, limits(), context_.now).first->second;
  connection.offers_http2 = target.http2 && call.request.upgrade.empty();
  connection.expects_http2 = connection.offers_http2 && !target.secure;
  Pool& pool = pool_of(key);
  ++pool.open;
  if (connection.offers_http2 && !pool.speaks_http1) pool.shared.push_back(id);
  context_.counters.origin_connections.add();
  context_.add(Dial{.connection = id,
                    .kind = ConnectionKind::kOrigin,
                    .endpoint = target.endpoint,
                    .secure = target.secure,
                    .offers_http2 = connection.offers_http2,
                    .server_name = std::string(host_name(call.request.host)),
                    .public_only = call.public_only,
                    .deadline = deadline});
  return id;
}

bool Origins::try_next_target(CallId id, Call& call, Instant now) {
  if (call.next_target + 1 >= call.targets.size() || now >= call.reach_until) return false;
  ++call.next_target;
  place(id, call, now);
  return true;
}

void Origins::serve_waiting(const TargetKey& key, Instant now) {
  for (;;) {
    const auto found = pools_.find(key);
    if (found == pools_.end()) return;
    Pool& pool = found->second;
    const auto next = pool.queue.take_next(pool.places);
    if (!next) {
      if (pool.open == 0 && pool.queue.empty() && pool.places.held() == 0) pools_.erase(found);
      return;
    }
    waiting_until_.remove(*next);
    Call& call = calls_.at(*next);
    call.is_waiting = false;
    take_place(*next, call, pool, now);
  }
}

void Origins::leave_queue(CallId id, Call& call) {
  if (!std::exchange(call.is_waiting, false)) return;
  waiting_until_.remove(id);
  const auto pool = pools_.find(key_of(call));
  if (pool != pools_.end()) pool->second.queue.remove(id, call.claimant, call.use);
}

void Origins::change_use(CallId id, Call& call, OriginUse use, Instant now) {
  if (call.use == use) return;
  const TargetKey key = key_of(call);
  const auto pool = pools_.find(key);
  if (pool == pools_.end()) return;
  if (call.is_waiting) {
    pool->second.queue.remove(id, call.claimant, call.use);
    pool->second.queue.add(id, call.claimant, use);
  } else if (call.connection) {
    auto& work = connections_.at(*call.connection).work;
    const auto mine = std::find_if(work.begin(), work.end(), [&](const Work& one) { return one.call == id; });
    RAILGUN_CHECK(mine != work.end());
    Place& place = mine->place;
    pool->second.places.give_back(place.claimant, place.use);
    place.use = use;
    pool->second.places.take(place.claimant, place.use);
  }
  call.use = use;
  serve_waiting(key, now);
}

void Origins::refuse(CallId id, Call& call, Error error, Duration retry_after) {
  call.ended = true;
  events_.push_back({id, OriginBusy{std::move(error), retry_after}});
}

void Origins::refuse_for_connections(CallId id, Call& call, Instant now) {
  context_.counters.origin_refused.add();
  if (refusals_logged_.take(now)) {
    context_.log(LogLevel::kError,
                 call.request.host + ": refused, because the connections to " +
                     to_string(call.targets[call.next_target].endpoint) +
                     " are in use (origin.connections = " + std::to_string(context_.config->origin_connections) +
                     "): look for slow pages and event streams, or raise it");
  }
  refuse(id, call,
         {Errc::kUnavailable, "every connection that this request may use is in use (setting origin.connections)"},
         kRetryAfter);
}

}  // namespace railgun::proxy
