// Multiplexes streams over one link (doc/PROTOCOL.md). A core: bytes and commands in, bytes and events out. It knows
// nothing of HTTP, TLS, sockets or clocks.
//
// One end asks (opens streams, sends a request head), the other answers. Which end dialled makes no difference.
// A stream carries, each way: one head (a prelude of bytes opaque to the link, and fields under HPACK), data, an end
// with an opaque trailer. What repeats from head to head costs a byte or two as a field, and its full length in the
// prelude. Names arrive in lower case; what else names and values may hold is for the layer above to check. Data is
// paid for with credit that the receiver gives per stream and per link; heads, ends, resets and pings are free but
// bounded in size and rate. Streams with data queued take turns, a frame each, in the order of link/turns.h.
//
// A stream whose reader stands still never stops another: streams share the link's window (WindowShare), and one that
// gets no credit for Limits::stall_timeout, or only crumbs of it, is reset. A peer that reads nothing at all makes us hold
// at most Limits::link_queue_bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "railgund/base/bytes.h"
#include "railgund/base/field.h"
#include "railgund/base/result.h"
#include "railgund/base/time.h"

namespace railgun::link {

enum class StreamId : std::uint32_t {};

enum class Role : std::uint8_t { kAsker, kAnswerer };

enum class ResetCode : std::uint8_t {
  kCancelled = 1,   // the client no longer wants the answer
  kRefused = 2,     // not processed at all: a retry elsewhere is safe
  kInternal = 3,    // an internal error of the end that resets
  kBadMessage = 4,  // the stream's content violates the rules of the layer above
  kNoOrigin = 5,    // the origin could not be reached, or closed the connection
  kTimeout = 6,     // a timeout of the end that resets
};

struct Limits {
  std::size_t streams = 4000;                         // open at once; the answerer tells the asker
  std::size_t stream_window_bytes = 256 * 1024;       // data a peer may send on a stream before we return credit
  std::size_t link_window_bytes = 32 * 1024 * 1024;   // the same over all streams
  std::size_t stream_queue_bytes = 256 * 1024;        // data we hold for sending on one stream
  std::size_t link_queue_bytes = 4 * 1024 * 1024;     // the same over all streams, which share it as WindowShare says
  std::size_t head_bytes = 64 * 1024;                 // a head's prelude, names and values, as decoded
  Duration idle_timeout = std::chrono::seconds(15);   // silence after which to ping; see Keepalive::kPrompt
  Duration ping_timeout = std::chrono::seconds(10);   // silence after a ping, after which the peer is gone
  Duration hello_timeout = std::chrono::seconds(10);  // from the start to the peer's hello
  Duration stall_timeout = std::chrono::seconds(60);  // data that waits so long for credit resets its stream
  std::size_t least_rate = 200;                       // bytes a second; a stream that gets less over stall_timeout, too
};

// Who asks; for the layer above.
struct AskingProcess {
  std::uint64_t number = 0;  // the same on all links of a process, another one after each start; 0: not told
  std::uint64_t rules = 0;   // by which it keeps visitors apart: a hash
  bool operator==(const AskingProcess&) const = default;
};

// What happened. Events own their bytes.
struct HelloReceived {
  Bytes payload;                   // the layer above's own part of the greeting
  unsigned version = 1;            // of the protocol: the highest that both ends support
  bool takes_trailers = false;     // send_trailers() may be called
  bool finds_content = false;      // kFeatureContent (link/greeting.h)
  bool has_starting_text = false;  // kFeatureStartingText
  bool codes_tunnels = false;      // kFeatureTunnels
  AskingProcess process;           // of an asker
};
struct HeadReceived {
  StreamId stream;
  Bytes prelude;
  Fields fields;
  bool is_interim = false;  // sent by send_interim(): the answer's own head is still to come
};
// Fields that belong behind the stream's data, in the peer's direction. Comes after the head and before the end, maybe
// before data; once.
struct TrailersReceived {
  StreamId stream;
  Fields fields;
};
struct DataReceived {
  StreamId stream;
  Bytes data;  // its credit is returned by consumed()
};
struct EndReceived {
  StreamId stream;
  Bytes trailer;
};
// The stream is gone, at once and for both directions: the peer has reset it, or (kTimeout, which the peer is told) it
// has given no credit for Limits::stall_timeout.
struct StreamReset {
  StreamId stream;
  ResetCode code;
};
// A stream whose queue was more than half full, or full for the moment because other streams hold much, accepts data
// again.
struct StreamWritable {
  StreamId stream;
};
// The peer will not answer streams after `last`: they were not processed, and a retry elsewhere is safe. Each of them
// that is open is reset with kRefused right after this event.
struct GoAwayReceived {
  StreamId last;
  std::string reason;  // printable ASCII, for the log
};
// The peer wants to be replaced: this link continues to work, but a new one must be established and used. Askers only.
struct PeerRetires {
  std::string reason;  // as above
};
struct RoundTripMeasured {
  Duration time;
};
using Event = std::variant<HelloReceived, HeadReceived, TrailersReceived, DataReceived, EndReceived, StreamReset,
                           StreamWritable, GoAwayReceived, PeerRetires, RoundTripMeasured>;

struct Counters {
  std::uint64_t bytes_received = 0, bytes_sent = 0, frames_received = 0, frames_sent = 0, streams_opened = 0,
                resets = 0;
};

class Mux {
 public:
  // Our greeting is sent first; the peer's layer above receives `hello_payload` (at most 1 KiB). `process`: an asker's.
  Mux(Role role, Limits limits, ByteView hello_payload, Instant now, const AskingProcess& process = {});
  ~Mux();
  Mux(Mux&&) noexcept;
  Mux& operator=(Mux&&) noexcept;

  // Takes bytes from the peer, split anywhere. An error ends the link: pull() then returns a last GOAWAY with the
  // reason; after it, close the connection.
  // Errors: kMalformed, kTooLarge, kUnsupported (no common version), kUnavailable (the peer breaks a rate limit).
  Result<void> receive(ByteView bytes, Instant now);
  std::optional<Event> poll();

  // Appends the next bytes to send to `to`, about `most` bytes at most (whole frames; at least one if there is any), and
  // returns their number. Streams take turns here, so pull late and little.
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;

  Instant deadline() const;
  // Errors: kTimeout if the peer counts as dead; close the connection. Early or repeated calls do nothing.
  Result<void> on_deadline(Instant now);

  // When the link becomes suspect if nothing arrives before: it answers no ping (Keepalive::suspect_at). kNever: no time
  // is known.
  Instant suspect_at() const;

  // New values of Limits::idle_timeout and ping_timeout, at once.
  void set_keepalive(Duration idle_timeout, Duration ping_timeout);

  // Asker only. Errors: kUnavailable if there is no greeting yet, if there are too many streams, or if the link is going
  // away; kTooLarge if the head is over the limit.
  Result<StreamId> open(ByteView prelude, const Fields& fields);
  // True if open() would not say kUnavailable (it also does while very many heads wait because the peer reads nothing).
  // Streams that have ended count as long as the layer above holds data of them.
  bool can_open() const;
  // Answerer only: sends the answer's head, once per stream and before its data. Errors: kTooLarge as in open(); the
  // stream is then unchanged. Does nothing for unknown or reset streams; the same holds for the functions below.
  Result<void> send_head(StreamId stream, ByteView prelude, const Fields& fields);
  // Answerer only: sends a head before the answer's own one. Does nothing after that, after kMostInterimHeads, and while
  // very many heads wait because the peer reads nothing. Errors: kTooLarge as above.
  static constexpr unsigned kMostInterimHeads = 64;
  Result<void> send_interim(StreamId stream, ByteView prelude, const Fields& fields);
  // Sends fields that belong behind the data: after the head, before send_end(), once, and only to a peer that takes
  // them (HelloReceived). They cost no credit and may overtake data. Errors: kTooLarge over kMaxTrailerFieldBytes or
  // kMaxTrailerFields.
  static constexpr std::size_t kMaxTrailerFieldBytes = 10 * 1024;
  static constexpr std::size_t kMaxTrailerFields = 100;
  Result<void> send_trailers(StreamId stream, const Fields& fields);
  // Bytes that send_data() accepts now without exceeding the stream's share of the queues. After 0, StreamWritable follows.
  std::size_t sendable(StreamId stream) const;
  // `data` has at most sendable() bytes.
  void send_data(StreamId stream, ByteView data);
  // How soon our direction of the stream is sent, from the next frame on: 0 (first) to 7 (last); 3 without it. See Turns.
  void set_urgency(StreamId stream, std::uint8_t urgency);
  // Ends our direction, once. `trailer`: at most 1 KiB.
  void send_end(StreamId stream, ByteView trailer);
  // Closes the stream and drops its unpolled events and received data. Notifies the peer unless the peer has already
  // ended the stream.
  void reset(StreamId stream, ResetCode code);
  // The layer above has consumed `bytes` of the stream's data: grants the peer credit, in as few frames as possible.
  // Data of streams that have ended counts against the link's window until it is consumed here or dropped by reset().
  // Data of streams that were reset, by either end, is credited to the link immediately.
  void consumed(StreamId stream, std::size_t bytes);
  // Accepts no new streams; open ones continue. Tells the peer the last stream that we will answer.
  void go_away(std::string_view reason);
  // Answerer only: asks the asker to establish another link. Until then the asker may open streams on this one as
  // before; then it calls go_away(). No request under way is rejected.
  void retire(std::string_view reason);

  bool is_going_away() const;  // either end said so
  bool is_retiring() const;    // the answerer said so, and neither end has gone further
  // Of which not both directions have ended: an answer counts until pull() has given its end.
  std::size_t open_streams() const;
  std::optional<Duration> round_trip() const;
  const Counters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace railgun::link
