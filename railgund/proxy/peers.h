// The links of one core: dials and redials them, accepts them, finds one that can take a stream. A core.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/link/mux.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/deadlines.h"
#include "railgund/proxy/link_speed.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

struct Link {
  Link(ConnectionId connection, link::Mux link_mux, std::optional<Endpoint> peer, Instant now)
      : id(connection), mux(std::move(link_mux)), endpoint(std::move(peer)), since(now) {}
  ConnectionId id;
  link::Mux mux;
  LinkSpeed speed;
  std::optional<Endpoint> endpoint;                 // that we dialled; none: the peer dialled us
  std::string peer_name;                            // for people: the endpoint, or the address it came from
  std::vector<std::string> hosts;                   // that the peer's certificate allows; empty: all
  std::optional<Greeting> greeting;                 // once it is ready
  std::shared_ptr<const KeyedHash> reference_hash;  // of a listener's reference ids
  Instant since;
  bool is_connected = false;
  ReportedState reported;
};

struct LinkLost {
  std::string reason;
};
struct PeerEvent {
  ConnectionId link;
  std::variant<link::Event, LinkLost> event;
};

// Why there is no link for a host. `brief`: for whoever reads the answer, so no addresses. `advice`: for the log.
struct Absence {
  std::string brief, advice;
};

// Whether a link's peer, whose certificate has these DNS names, may answer for a host. No names: for any.
bool allows(const std::vector<std::string>& hosts, std::string_view host);

class Peers {
 public:
  // `greeting`: ours, sent on every link.
  Peers(Context& context, link::Role role, const Greeting& greeting)
      : context_(context), role_(role), greeting_(encode_greeting(greeting)) {}

  // Keeps `lanes` links to each of these endpoints from now on; others that were dialled are drained and closed. Links
  // that are up take the keepalive timeouts of the settings.
  void keep(const std::vector<Endpoint>& endpoints, unsigned lanes, Instant now);

  // A link that can take a stream now: to the first of the endpoints that has one, the one with the fewest streams;
  // else one that the peer dialled and whose certificate allows the host. Those that retire come last. Null if there
  // is none.
  Link* pick(const std::vector<Endpoint>& endpoints, std::string_view host);
  // A link to one of them is being opened, or opened again, and that has not failed yet: worth waiting a moment for.
  bool is_pending(const std::vector<Endpoint>& endpoints) const;
  // What to tell people when pick() has found none.
  Absence absence(const std::vector<Endpoint>& endpoints, std::string_view host) const;

  Link* find(ConnectionId id);
  std::optional<PeerEvent> poll();

  // After commands to a link's mux: tells the shell what has changed.
  void touch(Link& link, Instant now);

  // Answerer only: asks the other ends to use other links. After `patience` no new streams are taken. Each link closes
  // when it is not used any more.
  void drain(Duration patience, Instant now);
  // Ends links at once, streams and all: those whose peer has this name, or whose certificate allows a host of this
  // name.
  void cut_named(const std::string& name, Instant now);

  // The shell's side, for connections of ConnectionKind::kLink.
  bool owns(ConnectionId id) const { return links_.contains(id); }
  void accepted(ConnectionId id, std::string peer_name, std::vector<std::string> hosts, Instant now);
  void connected(ConnectionId id, std::vector<std::string> hosts, Instant now);
  void receive(ConnectionId id, ByteView bytes, Instant now);
  void closed(ConnectionId id, const Error& error, Instant now);
  void measured(ConnectionId id, const LinkRate& rate);
  std::size_t pull(ConnectionId id, Bytes& to, std::size_t most, Instant now);

  Instant deadline() const;
  void on_deadline(Instant now);

  bool empty() const { return links_.empty(); }
  std::vector<LinkStatus> status(Instant now) const;

 private:
  // One lane to one endpoint, up or not.
  struct Lane {
    Endpoint endpoint;
    std::optional<ConnectionId> link{};
    Instant redial_at = kNever;
    unsigned failures = 0;
    std::string why_failed{};  // the last time
  };

  void dial(Lane& lane, Instant now);
  void lose(ConnectionId id, const std::string& reason, bool flush, Instant now);
  Result<void> take_events(Link& link, Instant now);
  void replace(const Link& link, Instant now);
  void leave_retiring(const Link& successor, Instant now);
  Link* pick(const std::vector<Endpoint>& endpoints, std::string_view host, bool retiring);
  link::Limits limits() const;
  std::vector<ConnectionId> ids() const;

  Context& context_;
  link::Role role_;
  Bytes greeting_;
  std::unordered_map<ConnectionId, Link> links_;
  std::vector<Lane> lanes_;
  std::deque<PeerEvent> events_;
  Deadlines<ConnectionId> deadlines_;
  bool draining_ = false;
  Instant drain_end_ = kNever;  // from then on no new streams
};

}  // namespace railgun::proxy
