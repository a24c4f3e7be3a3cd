// Which links a core has to make, and when: so many lanes to each endpoint, each with one link at a time. Knows links by
// their ids alone. A core.
//
// A dial that gets no answer does not block its lane: a line that was dead for a while may be back long before TCP tries
// again. So a lane without a link starts another attempt every kDialEvery at the latest, up to kAttempts at a time, and
// takes the first that succeeds. The first attempt keeps its whole timeout, for lines with very long round trips. The
// same begins while a link is up but silent (Keepalive::suspect_at).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "railgund/base/endpoint.h"
#include "railgund/base/time.h"
#include "railgund/proxy/effect.h"

namespace railgun::proxy {

class Lanes {
 public:
  // After a failed attempt the next one follows after kFirstDelay, doubled with each failure up to kDialEvery. Delays are
  // shortened by up to a quarter, so that many senders do not dial in step.
  static constexpr Duration kFirstDelay = std::chrono::milliseconds(50);
  static constexpr Duration kDialEvery = std::chrono::milliseconds(600);
  static constexpr std::size_t kAttempts = 4;

  struct Lane {
    Endpoint endpoint;
    std::optional<ConnectionId> link{};    // up
    std::vector<ConnectionId> attempts{};  // the oldest first
    Instant dial_at = kNever;
    unsigned failures = 0;     // since the last link
    std::string why_failed{};  // the last time
  };

  // From now on there are `count` lanes to each of the endpoints; new ones are due at once. The lanes that were removed.
  std::vector<Lane> keep(const std::vector<Endpoint>& endpoints, unsigned count, Instant now);

  // A lane that is due; null: none. The caller dials and says started().
  const Lane* due(Instant now) const;
  // An attempt has begun on the lane that is due. The attempt to discard for it, if there are too many.
  std::optional<ConnectionId> started(const Lane& lane, ConnectionId attempt, Instant now);
  Instant deadline() const;

  // An attempt has succeeded.
  struct Replaced {
    std::vector<ConnectionId> attempts;  // to be discarded
    std::optional<ConnectionId> link;    // that was up, and silent
  };
  Replaced up(ConnectionId attempt);
  // A link or an attempt has ended. True: it was the first failure of its lane, which is worth a line in the log.
  bool lost(ConnectionId id, const std::string& reason, Instant now);
  // The link is silent: another one is to be made.
  void silent(ConnectionId link, Instant now);
  // It is not silent any more. The attempts to discard.
  std::vector<ConnectionId> heard(ConnectionId link);
  // The link belongs to its lane no longer, and another one is to be made at `when`.
  void replace(ConnectionId link, Instant when);
  // No more attempts.
  void stop();

  // A link to one of them is being made, or made again, and that has not failed yet.
  bool is_pending(const std::vector<Endpoint>& endpoints) const;
  // A lane to one of them whose attempts fail; null: none.
  const Lane* failing(const std::vector<Endpoint>& endpoints) const;
  // An attempt beside another one, or beside a link: no news for people.
  bool is_spare(ConnectionId id) const;

 private:
  Lane* with_link(ConnectionId id);
  Lane* with_attempt(ConnectionId id);

  std::vector<Lane> lanes_;
  bool is_stopped_ = false;
};

}  // namespace railgun::proxy
