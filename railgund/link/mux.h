// Many streams over one link (doc/PROTOCOL.md). A core: bytes and commands in, bytes and events out; it knows nothing
// of HTTP, TLS, sockets or clocks.
//
// One end asks (opens streams, sends a request head), the other answers. Which end dialled makes no difference.
// A stream carries, each way: one head (a prelude of bytes opaque to the link, and fields under HPACK), data, an end
// with an opaque trailer. What repeats from head to head costs a byte or two as a field, and its full length in the
// prelude. Names arrive in lower case; what else names and values may hold is for the layer above to check. Data is
// paid for with credit that the receiver gives per stream and per link; heads, ends, resets and pings are free but
// bounded in size and rate. Streams with data queued take turns, a frame each.
//
// A stream whose reader stands still never stops another: streams share the link's window (WindowShare), and one that
// gets no credit for Limits::stall_timeout is reset.
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
  kCancelled = 1,   // the one who wanted the answer no longer does
  kRefused = 2,     // not processed at all: safe to ask again elsewhere
  kInternal = 3,    // the end that resets has failed
  kBadMessage = 4,  // the stream's content broke the rules of the layer above
  kNoOrigin = 5,    // the origin could not be reached, or broke off
  kTimeout = 6,     // a deadline of the end that resets passed
};

struct Limits {
  std::size_t streams = 4000;                         // open at once; the answerer tells the asker
  std::size_t stream_window_bytes = 256 * 1024;       // data a peer may send on a stream before we return credit
  std::size_t link_window_bytes = 32 * 1024 * 1024;   // the same over all streams
  std::size_t stream_queue_bytes = 256 * 1024;        // data we hold for sending on one stream
  std::size_t head_bytes = 64 * 1024;                 // a head's prelude, names and values, as decoded
  Duration idle_timeout = std::chrono::seconds(15);   // silence after which to ping; see Keepalive::kPrompt
  Duration ping_timeout = std::chrono::seconds(10);   // silence after a ping, after which the peer is gone
  Duration hello_timeout = std::chrono::seconds(10);  // from the start to the peer's hello
  Duration stall_timeout = std::chrono::seconds(60);  // data that waits so long for credit resets its stream
};

// What happened. Views of nothing: all events own their bytes.
struct HelloReceived {
  Bytes payload;  // the layer above's own part of the greeting
};
struct HeadReceived {
  StreamId stream;
  Bytes prelude;
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
// A stream that had over half of its queue filled (sendable() may have become 0) can take that much again.
struct StreamWritable {
  StreamId stream;
};
// No streams after `last` will be answered: those were not processed and are safe to ask elsewhere. Each of them that
// is open is reset with kRefused right after this event.
struct GoAwayReceived {
  StreamId last;
  std::string reason;  // printable ASCII, for the log
};
// The peer is to be replaced: this link works on, but another one is to be made now and used instead. Askers only.
struct PeerRetires {
  std::string reason;  // as above
};
struct RoundTripMeasured {
  Duration time;
};
using Event = std::variant<HelloReceived, HeadReceived, DataReceived, EndReceived, StreamReset, StreamWritable,
                           GoAwayReceived, PeerRetires, RoundTripMeasured>;

struct Counters {
  std::uint64_t bytes_received = 0, bytes_sent = 0, frames_received = 0, frames_sent = 0, streams_opened = 0,
                resets = 0;
};

class Mux {
 public:
  // Our hello is the first thing to be sent; `hello_payload` (at most 1 KiB) is handed to the peer's layer above.
  Mux(Role role, Limits limits, ByteView hello_payload, Instant now);
  ~Mux();
  Mux(Mux&&) noexcept;
  Mux& operator=(Mux&&) noexcept;

  // Takes bytes from the peer, cut anywhere. An error ends the link: what pull() then gives is a last GOAWAY that tells
  // the peer why; after it the connection is to be closed.
  // Errors: kMalformed, kTooLarge, kUnsupported (no common version), kUnavailable (the peer breaks a rate limit).
  Result<void> receive(ByteView bytes, Instant now);
  std::optional<Event> poll();

  // Appends to `to` what is to be sent next, at most about `most` bytes (whole frames; at least one if there is any),
  // and says how many. Streams take turns here, so pull late and little.
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;

  Instant deadline() const;
  // kTimeout if the peer is gone: the connection is to be closed. Early or repeated calls do nothing.
  Result<void> on_deadline(Instant now);

  // New values of Limits::idle_timeout and ping_timeout, at once.
  void set_keepalive(Duration idle_timeout, Duration ping_timeout);

  // Asker only. kUnavailable: no hello yet, too many streams, or going away. kTooLarge: the head is over the limit.
  Result<StreamId> open(ByteView prelude, const Fields& fields);
  // True if open() would not say kUnavailable (it also does while very many heads wait because the peer reads nothing).
  // Streams that have ended count as long as the layer above holds data of them.
  bool can_open() const;
  // Answerer only: the answer's head, once per stream and before its data. kTooLarge: as in open(), and the stream is
  // as before. Unknown or reset streams: does nothing, as in all that follow.
  Result<void> send_head(StreamId stream, ByteView prelude, const Fields& fields);
  // Bytes that send_data() takes now without passing the stream's queue limit.
  std::size_t sendable(StreamId stream) const;
  // `data` must fit sendable().
  void send_data(StreamId stream, ByteView data);
  // Ends our direction, once. `trailer`: at most 1 KiB.
  void send_end(StreamId stream, ByteView trailer);
  // Forgets the stream, its events that were not polled and the data received on it; tells the peer unless it is
  // through with the stream.
  void reset(StreamId stream, ResetCode code);
  // The layer above is done with `bytes` of the stream's data: gives the peer credit, in as few frames as will do.
  // Data of streams that have ended is held against the link until it is reported here or reset() drops it; data of
  // streams that were reset, by either end, is credited to the link at once.
  void consumed(StreamId stream, std::size_t bytes);
  // No new streams; open ones go on. The peer learns the last stream we will answer.
  void go_away(std::string_view reason);
  // Answerer only: asks the asker to make another link. Until it has, it may open streams on this one as before; it
  // calls go_away() then. Nothing that is under way is refused.
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
