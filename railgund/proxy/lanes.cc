#include "railgund/proxy/lanes.h"

#include <algorithm>
#include <utility>

#include "railgund/base/bytes.h"
#include "railgund/base/hash.h"

namespace railgun::proxy {
namespace {

// `delay`, shortened by up to a quarter. The spread comes from a hash, so that a simulation repeats.
Duration spread(Duration delay, ConnectionId salt) {
  Bytes salted;
  ByteWriter(salted).u64(static_cast<std::uint64_t>(salt));
  return delay - delay * static_cast<long>(hash64(salted) % 64) / 256;
}

bool contains(const std::vector<Endpoint>& endpoints, const Endpoint& endpoint) {
  return std::find(endpoints.begin(), endpoints.end(), endpoint) != endpoints.end();
}

}  // namespace

std::vector<Lanes::Lane> Lanes::keep(const std::vector<Endpoint>& endpoints, unsigned count, Instant now) {
  std::vector<Lane> removed;
  for (Lane& lane : lanes_) {
    if (!contains(endpoints, lane.endpoint)) removed.push_back(std::move(lane));
  }
  std::erase_if(lanes_, [&](const Lane& lane) { return !contains(endpoints, lane.endpoint); });
  for (const Endpoint& endpoint : endpoints) {
    auto have =
        std::count_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.endpoint == endpoint; });
    for (; have < static_cast<std::ptrdiff_t>(count); ++have)
      lanes_.push_back({.endpoint = endpoint, .dial_at = is_stopped_ ? kNever : now});
  }
  return removed;
}

const Lanes::Lane* Lanes::due(Instant now) const {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.dial_at <= now; });
  return found == lanes_.end() ? nullptr : &*found;
}

std::optional<ConnectionId> Lanes::started(const Lane& due, ConnectionId attempt, Instant now) {
  Lane& lane = lanes_[static_cast<std::size_t>(&due - lanes_.data())];
  std::optional<ConnectionId> discarded;
  if (lane.attempts.size() >= kAttempts) {
    discarded = lane.attempts[1];
    lane.attempts.erase(lane.attempts.begin() + 1);
    lane.why_failed = "no answer";
    ++lane.failures;
  }
  lane.attempts.push_back(attempt);
  lane.dial_at = now + spread(kDialEvery, attempt);
  return discarded;
}

Instant Lanes::deadline() const {
  Instant earliest = kNever;
  for (const Lane& lane : lanes_) earliest = std::min(earliest, lane.dial_at);
  return earliest;
}

Lanes::Replaced Lanes::up(ConnectionId attempt) {
  Lane* lane = with_attempt(attempt);
  if (lane == nullptr) return {};
  std::erase(lane->attempts, attempt);
  lane->dial_at = kNever;
  lane->failures = 0;
  return {.attempts = std::exchange(lane->attempts, {}), .link = std::exchange(lane->link, attempt)};
}

bool Lanes::lost(ConnectionId id, const std::string& reason, Instant now) {
  Lane* lane = with_link(id);
  const bool is_attempt = lane == nullptr;
  if (is_attempt) lane = with_attempt(id);
  if (lane == nullptr) return false;
  lane->why_failed = reason;
  const Duration delay = std::min(Duration(kFirstDelay * (1LL << std::min(lane->failures, 5U))), kDialEvery);
  if (!is_stopped_) lane->dial_at = std::min(lane->dial_at, now + spread(delay, id));
  if (!is_attempt) {
    // The loss of a link that was up is no failure to make one: requests may wait for the next.
    lane->link.reset();
    return false;
  }
  std::erase(lane->attempts, id);
  return lane->failures++ == 0;
}

void Lanes::silent(ConnectionId link, Instant now) {
  if (Lane* lane = with_link(link); lane != nullptr && !is_stopped_) lane->dial_at = now;
}

std::vector<ConnectionId> Lanes::heard(ConnectionId link) {
  Lane* lane = with_link(link);
  if (lane == nullptr) return {};
  lane->dial_at = kNever;
  lane->failures = 0;
  return std::exchange(lane->attempts, {});
}

void Lanes::replace(ConnectionId link, Instant when) {
  Lane* lane = with_link(link);
  if (lane == nullptr) return;
  lane->link.reset();
  if (!is_stopped_) lane->dial_at = when;
}

void Lanes::stop() {
  is_stopped_ = true;
  for (Lane& lane : lanes_) lane.dial_at = kNever;
}

bool Lanes::is_pending(const std::vector<Endpoint>& endpoints) const {
  return std::any_of(lanes_.begin(), lanes_.end(),
                     [&](const Lane& lane) { return lane.failures == 0 && contains(endpoints, lane.endpoint); });
}

const Lanes::Lane* Lanes::failing(const std::vector<Endpoint>& endpoints) const {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return lane.failures > 0 && contains(endpoints, lane.endpoint);
  });
  return found == lanes_.end() ? nullptr : &*found;
}

bool Lanes::is_spare(ConnectionId id) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    const auto found = std::find(lane.attempts.begin(), lane.attempts.end(), id);
    return found != lane.attempts.end() && (lane.link || found != lane.attempts.begin());
  });
}

Lanes::Lane* Lanes::with_link(ConnectionId id) {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.link == id; });
  return found == lanes_.end() ? nullptr : &*found;
}

Lanes::Lane* Lanes::with_attempt(ConnectionId id) {
  const auto found = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
    return std::find(lane.attempts.begin(), lane.attempts.end(), id) != lane.attempts.end();
  });
  return found == lanes_.end() ? nullptr : &*found;
}

}  // namespace railgun::proxy
