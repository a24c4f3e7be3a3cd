#include "railgund/link/keepalive.h"

#include <algorithm>

namespace railgun::link {

Keepalive::Keepalive(Duration idle_timeout, Duration ping_timeout, Instant now)
    : idle_timeout_(idle_timeout), ping_timeout_(ping_timeout), heard_(now) {}

void Keepalive::set_timeouts(Duration idle_timeout, Duration ping_timeout) {
  idle_timeout_ = idle_timeout;
  ping_timeout_ = ping_timeout;
}

void Keepalive::heard(Instant now) {
  heard_ = std::max(heard_, now);
  waiting_since_.reset();
}

void Keepalive::sent(Instant now) {
  if (!waiting_since_) waiting_since_ = now;
}

std::uint64_t Keepalive::ping(Instant now) {
  asked_ = now;
  ping_sent_.reset();
  // Numbers below 128 take one byte; one ping is out at a time, so they may come round.
  number_ = (number_ + 1) % 128;
  return number_;
}

void Keepalive::ping_sent(Instant now) { ping_sent_ = now; }

std::optional<Duration> Keepalive::pong(std::uint64_t number, Instant now) {
  if (!asked_ || !ping_sent_ || number != number_) return std::nullopt;
  const Duration time = std::max(now - *ping_sent_, Duration::zero());
  asked_.reset();
  ping_sent_.reset();
  return time;
}

Instant Keepalive::deadline() const {
  if (asked_) return std::max(*asked_, heard_) + ping_timeout_;
  const Instant idle = heard_ + idle_timeout_;
  return waiting_since_ ? std::min(idle, *waiting_since_ + kPrompt) : idle;
}

Instant Keepalive::suspect_at(std::optional<Duration> round_trip) const {
  if (!asked_ || !round_trip) return kNever;
  return std::max(*asked_, heard_) + std::max<Duration>(kLate, *round_trip * kLateRoundTrips);
}

Keepalive::Verdict Keepalive::on_deadline(Instant now) {
  if (now < deadline()) return Verdict::kNothing;
  if (asked_) return Verdict::kPeerGone;
  ping(now);
  return Verdict::kSendPing;
}

}  // namespace railgun::link
