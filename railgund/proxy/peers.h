// The links of one core: connects and reconnects them, accepts them, finds one that can take a stream, knows which
// exchange each stream belongs to. A core.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "railgund/base/hash.h"
#include "railgund/base/rate_limit.h"
#include "railgund/link/mux.h"
#include "railgund/proxy/context.h"
#include "railgund/proxy/deadlines.h"
#include "railgund/proxy/lanes.h"
#include "railgund/proxy/link_load.h"
#include "railgund/proxy/link_speed.h"
#include "railgund/proxy/link_stream.h"
#include "railgund/proxy/message_codec.h"
#include "railgund/proxy/status.h"

namespace railgun::proxy {

// A link, as exchanges see it. Streams are opened by Peers.
struct Link {
  Link(ConnectionId connection, link::Mux link_mux, std::optional<Endpoint> peer, Instant now)
      : id(connection), endpoint(std::move(peer)), since(now), mux_(std::move(link_mux)) {}
  ConnectionId id;
  LinkSpeed speed;
  std::optional<Endpoint> endpoint;                 // that we connected to; none: the peer connected to us
  std::string peer_name;                            // for people: the endpoint, or the address it came from
  std::vector<std::string> hosts;                   // that the peer's certificate allows; empty: all
  std::optional<Greeting> greeting;                 // once it is ready
  std::shared_ptr<const KeyedHash> reference_hash;  // of a listener's reference ids
  unsigned version = 1;                             // of the protocol, once it is ready
  bool takes_trailers = false;                      // LinkStream::send_trailers() may be called
  bool finds_content = false;      // the peer takes part in finding references by content, once it is ready
  bool has_starting_text = false;  // the peer takes deltas against it, once it is ready
  bool codes_tunnels = false;      // the peer takes coded tunnels, once it is ready
  // A sender's: our own as this link was told, or the peer's, once it is ready.
  link::AskingProcess process;
  std::string via_name;  // of the pair, once it is ready (proxy/forwarding.h)
  Instant since;
  Instant reached{};       // once it is ready: since when there has been a link to its endpoint, without a gap
  bool is_silent = false;  // answers no ping at the moment; what waits on it may go elsewhere

  // References may be found by content: both ends can, and keep visitors apart by the same rules. `rules`: ours.
  bool may_find_content(std::uint64_t rules) const {
    return finds_content && process.number != 0 && process.rules == rules;
  }
  // Answers against a version that the sender has lost cost a second request: a link with many of them gets no more for
  // a while.
  static constexpr Rate kLostReferences{.burst = 16, .interval = std::chrono::seconds(1)};
  bool has_lost_many(Instant now) const { return !lost_.has_room(kLostReferences, now); }
  // An asset that crosses for the first time may take both ends 25 ms (delta/first_visit.h). The first pages of a site name some
  // dozens of them; whoever asks for new ones all the time gets them coded as other pages are.
  static constexpr Rate kAssets{.burst = 64, .interval = std::chrono::milliseconds(250)};
  bool has_coded_many_assets(Instant now) const { return !assets_.has_room(kAssets, now); }
  // The most tunnels of a link whose peer may have a context in use (tunnel::kDecoderContextBytes each). Ours have far fewer
  // at a time (Ports::tunnel_context); the ends of some may still be on their way.
  static constexpr std::size_t kMostContexts = 1024;

 private:
  friend class Peers;
  link::Mux mux_;
  bool is_connected_ = false;
  bool is_used_ = false;  // since it was looked at last: it is in Peers::used_
  RateUse lost_;
  RateUse assets_;
  std::size_t contexts_ = 0;  // of tunnels that come from the peer
  LinkLoad load_;
  ReportedState reported_;
};

// A stream's link is gone, and the stream with it.
struct StreamLost {
  link::StreamId stream;
  std::string reason;
};
// A stream's link is silent: what can be repeated on another link should be, if there is one. The stream is still there.
struct StreamSilent {
  link::StreamId stream;
};
using StreamInput = std::variant<link::HeadReceived, link::TrailersReceived, link::DataReceived, link::EndReceived,
                                 link::StreamReset, link::StreamWritable, StreamLost, StreamSilent>;

// The peer has opened a stream: take() or reject() it.
struct StreamOpened {
  StreamKey stream;
  link::HeadReceived head;
};
struct StreamEvent {
  ExchangeId exchange;
  StreamInput input;
};
// A link is ready, or lost: pick() may choose another one.
struct LinksChanged {};
using PeerEvent = std::variant<StreamOpened, StreamEvent, LinksChanged>;

// Why there is no link for a host. `brief`: for whoever reads the answer, so no addresses. `advice`: for the log.
struct NoLinkReason {
  std::string brief, advice;
};

// Whether a link's peer, whose certificate has these DNS names, may answer for a host. No names: for any.
bool allows(const std::vector<std::string>& hosts, std::string_view host);

class Peers {
 public:
  // `greeting`: ours, sent on every link. `process`: a sender's number, see link::AskingProcess.
  Peers(Context& context, link::Role role, const Greeting& greeting, std::uint64_t process = 0)
      : context_(context), role_(role), greeting_(encode_greeting(greeting)), process_(process) {}

  // Keeps `lanes` links to each of these endpoints from now on (Lanes); others that we have made are drained and closed.
  // Links that are up take the keepalive timeouts of the settings.
  void keep(const std::vector<Endpoint>& endpoints, unsigned lanes, Instant now);

  // A link that can take a stream now: to the first of the endpoints that has one, one that is not heavy (LinkLoad), with
  // the fewest streams; else one that the peer made and whose certificate allows the host. Those that retire come after all
  // others, and those that are silent last. Null if there is none. Valid until the next input.
  const Link* pick(const std::vector<Endpoint>& endpoints, std::string_view host, Instant now) const;
  // How long there has been a link to the endpoint without a gap; 0: there is none.
  Duration reachable(const Endpoint& endpoint, Instant now) const;
  // A link to one of them is being opened, or opened again, and that has not failed yet: worth waiting a moment for.
  bool is_pending(const std::vector<Endpoint>& endpoints) const;
  // What to tell people when pick() has found none.
  NoLinkReason no_link_reason(const std::vector<Endpoint>& endpoints, std::string_view host) const;
  const Link* find(ConnectionId id) const;

  // Opens a stream for an exchange. Errors: as link::Mux::open().
  Result<LinkStream> open(ConnectionId link, ExchangeId exchange, ByteView prelude, const Fields& fields);
  // Gives a stream that the peer has opened to an exchange.
  LinkStream take(StreamKey stream, ExchangeId exchange);
  void reject(StreamKey stream, link::ResetCode code);
  // Its peer has lost a version that a listener had found by content.
  void count_lost_reference(ConnectionId link, Instant now);
  // An asset was coded for the first time.
  void count_asset(ConnectionId link, Instant now);

  // To be called until there is nothing: the shell is told of what was done with streams only then.
  std::optional<PeerEvent> poll();

  // Answerer only: asks the other ends to use other links. After `timeout` no new streams are taken. Each link closes
  // when it is not used any more.
  void drain(Duration timeout, Instant now);
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
  friend class LinkStream;
  // Who a stream belongs to, and what of its data has been handed over and not yet been reported as consumed.
  struct Owned {
    ExchangeId exchange;
    std::size_t unread_bytes = 0;
    bool has_context = false;  // counted in Link::contexts_
  };
  struct StreamHash {
    std::size_t operator()(const StreamKey& key) const {
      return static_cast<std::size_t>(key.link) * 0x9e3779b97f4a7c15 + static_cast<std::size_t>(key.stream);
    }
  };
  struct LinkLost {
    std::string reason;
  };
  struct LinkSilent {};
  struct Queued {
    ConnectionId link;
    std::variant<link::Event, StreamLost, StreamSilent, LinkLost, LinkSilent> event;
  };

  Link* find_link(ConnectionId id);
  Link& add_link(ConnectionId id, std::optional<Endpoint> peer, Instant now);
  void dial(const Lanes::Lane& lane, Instant now);
  // An attempt that is not needed any more: no event, no line in the log.
  void discard(ConnectionId id);
  void leave_for(const Link& successor, ConnectionId silent, Instant now);
  void suspect(Link& link, Instant now);
  void lose(ConnectionId id, const std::string& reason, bool flush, Instant now);
  Result<void> take_events(Link& link, Instant now);
  void replace(const Link& link, Instant now);
  void leave_retiring(const Link& successor, Instant now);
  enum class Quality { kGood, kRetiring, kSilent };
  static Quality quality(const Link& link);
  const Link* pick(const std::vector<Endpoint>& endpoints, std::string_view host, Quality wanted, Instant now) const;
  link::Limits limits() const;
  std::vector<ConnectionId> ids() const;

  // Tells the shell what has changed; the link may be lost by it.
  void update(Link& link, Instant now);
  void update_used();
  // The mux of a link that is there, which is looked at before poll() ends; or null.
  link::Mux* use(ConnectionId id);
  // For LinkStream.
  std::size_t sendable(StreamKey stream) const;
  void consumed(StreamKey stream, std::size_t bytes);
  bool set_context(StreamKey stream, bool has_context);
  // The stream belongs to nobody from now on: what still comes on it is dropped, and credited.
  void forget(StreamKey stream);

  // Finds out who a queued event is for; nothing: nobody.
  template <typename Happened>
  std::optional<PeerEvent> route(ConnectionId link, Happened&& happened);
  std::optional<PeerEvent> route_unowned(StreamKey stream, StreamInput input);
  template <typename MakeEvent>
  void queue_for_streams(ConnectionId link, MakeEvent make);

  Context& context_;
  link::Role role_;
  Bytes greeting_;
  std::uint64_t process_;  // a sender's
  std::unordered_map<ConnectionId, Link> links_;
  Lanes lanes_;
  std::unordered_map<StreamKey, Owned, StreamHash> streams_;
  std::vector<ConnectionId> used_;  // links to be looked at before poll() ends
  std::deque<Queued> events_;
  Deadlines<ConnectionId> deadlines_;
  bool draining_ = false;
  Instant drain_end_ = kNever;  // from then on no new streams
};

}  // namespace railgun::proxy
