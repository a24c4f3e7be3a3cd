// Finding a connection for a request: places, waiting, other targets.
#include "railgund/proxy/origins.h"

#include <algorithm>

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

std::string key_of(const config::OriginTarget& target, std::string_view server_name, bool public_only) {
  return (public_only ? "public " : "") + (target.secure ? "https " + std::string(server_name) + " " : "http ") +
         to_string(target.endpoint);
}

}  // namespace

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
      return !health_.is_sick(key_of(target, host_name(call.request.host), call.public_only), now);
    });
  }
  place(id, calls_.emplace(id, std::move(call)).first->second, now);
  return {*this, id};
}

Origins::Pool& Origins::pool_of(const TargetKey& key) {
  Pool& pool = pools_.try_emplace(key, context_.config->origin_connections).first->second;
  pool.places.set_most(context_.config->origin_connections);
  return pool;
}

void Origins::place(CallId id, Call& call, Instant now) {
  const config::OriginTarget& target = call.targets[call.next_target];
  const TargetKey key = key_of(target, host_name(call.request.host), call.public_only);
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
  Place place{call.claimant, call.use};
  while (!pool.idle.empty()) {
    const ConnectionId connection_id = pool.idle.back();
    pool.idle.pop_back();
    const auto found = connections_.find(connection_id);
    // What is due to be closed is no longer used, however late on_deadline() comes.
    if (found == connections_.end() || found->second.idle_until <= now) continue;
    context_.counters.origin_reused.add();
    call.flags |= kOriginReused;
    found->second.place = std::move(place);
    start(id, call, connection_id, found->second, now);
    return;
  }
  dial_for(id, call, std::move(place), now);
}

void Origins::dial_for(CallId id, Call& call, Place place, Instant now) {
  const config::OriginTarget& target = call.targets[call.next_target];
  const bool is_last = call.next_target + 1 == call.targets.size();
  const Duration patience = is_last ? context_.config->origin_connect_timeout
                                    : std::min(context_.config->origin_connect_timeout, kTryNextAfter);
  const TargetKey key = key_of(target, host_name(call.request.host), call.public_only);
  const ConnectionId connection = dial(target, key, call, std::min(now + patience, call.reach_until));
  connections_.at(connection).call = id;
  connections_.at(connection).place = std::move(place);
  call.connection = connection;
}

// As `call` needs it, but not for it yet.
ConnectionId Origins::dial(const config::OriginTarget& target, const TargetKey& key, const Call& call,
                           Instant deadline) {
  const ConnectionId id = context_.new_connection();
  connections_.try_emplace(id, key, limits(), context_.now);
  ++pool_of(key).open;
  context_.counters.origin_connections.add();
  context_.add(Dial{.connection = id,
                    .kind = ConnectionKind::kOrigin,
                    .endpoint = target.endpoint,
                    .secure = target.secure,
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
  const auto pool = pools_.find(key_of(call.targets[call.next_target], host_name(call.request.host), call.public_only));
  if (pool != pools_.end()) pool->second.queue.remove(id, call.claimant, call.use);
}

void Origins::change_use(CallId id, Call& call, OriginUse use, Instant now) {
  if (call.use == use) return;
  const TargetKey key = key_of(call.targets[call.next_target], host_name(call.request.host), call.public_only);
  const auto pool = pools_.find(key);
  if (pool == pools_.end()) return;
  if (call.is_waiting) {
    pool->second.queue.remove(id, call.claimant, call.use);
    pool->second.queue.add(id, call.claimant, use);
  } else if (call.connection) {
    Place& place = connections_.at(*call.connection).place.value();
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
