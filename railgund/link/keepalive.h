// Decides when a link must send a PING and when its peer counts as gone, and measures the round trip
// (doc/PROTOCOL.md, "Keepalive"). Whatever arrives is a sign of life: a peer is gone only if all is silent.
// A link on which nothing happens is pinged rarely; one on which something was sent that nothing has followed is pinged
// after kPrompt, so that requests do not wait for a dead link. A ping whose answer is late makes the link suspect: it may
// recover until ping_timeout has passed, but whoever can use another link should.
// Owns no timer: whoever holds it calls on_deadline() at deadline().
#pragma once

#include <cstdint>
#include <optional>

#include "railgund/base/time.h"

namespace railgun::link {

class Keepalive {
 public:
  enum class Verdict { kNothing, kSendPing, kPeerGone };

  // Silence after something was sent that makes a ping.
  static constexpr Duration kPrompt = std::chrono::seconds(1);

  // How late the answer to a ping may be before the link is suspect: the larger of kLate and kLateRoundTrips times the
  // usual round trip. Longer than a retransmission by TCP takes, and than a busy peer.
  static constexpr Duration kLate = std::chrono::seconds(1);
  static constexpr int kLateRoundTrips = 4;

  // `idle_timeout`: silence after which to ping. `ping_timeout`: silence after that which means that the peer is gone.
  Keepalive(Duration idle_timeout, Duration ping_timeout, Instant now);
  void set_timeouts(Duration idle_timeout, Duration ping_timeout);

  void heard(Instant now);
  // Something was sent that the peer may be expected to react to. Call it for each frame.
  void sent(Instant now);
  // A ping is due now, not only after silence. Its number goes into the frame.
  std::uint64_t ping(Instant now);
  std::uint64_t number() const { return number_; }
  // The ping's frame was sent: the round trip starts here.
  void ping_sent(Instant now);
  // The round trip, if `number` answers the current ping.
  std::optional<Duration> pong(std::uint64_t number, Instant now);

  Instant deadline() const;
  // When the link becomes suspect, if nothing is heard before. kNever: no ping is out, or `round_trip`, the usual one, is
  // not known yet.
  Instant suspect_at(std::optional<Duration> round_trip) const;
  // With kSendPing the ping has already started: send number(). Early calls return kNothing.
  Verdict on_deadline(Instant now);

 private:
  Duration idle_timeout_;
  Duration ping_timeout_;
  Instant heard_;
  std::optional<Instant> waiting_since_;  // sent, and nothing heard since
  std::uint64_t number_ = 0;
  std::optional<Instant> asked_;  // a ping is out, or about to go
  std::optional<Instant> ping_sent_;
};

}  // namespace railgun::link
