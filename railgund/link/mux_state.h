// The state of a Mux. Private to mux.cc (commands), mux_receive.cc (receiving) and mux_send.cc (sending).
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/base/rate_limit.h"
#include "railgund/link/control_queue.h"
#include "railgund/link/flow_window.h"
#include "railgund/link/frame_codec.h"
#include "railgund/link/greeting.h"
#include "railgund/link/head_codec.h"
#include "railgund/link/keepalive.h"
#include "railgund/link/mux.h"
#include "railgund/link/turns.h"

namespace railgun::link {

// Queued heads, if the peer does not read: over this limit no stream is opened. Heads of answers are limited by the
// number of streams times the limit of a head.
inline constexpr std::size_t kMaxWaitingHeadBytes = 1024 * 1024;
// Decoded heads in the queue of events. They need a limit of their own because a short frame can decompress to a long
// head.
inline constexpr std::size_t kMaxHeadEventBytes = 16 * 1024 * 1024;

struct Stream {
  Stream(std::uint64_t send_bytes, std::uint64_t receive_bytes) : send(send_bytes), receive(receive_bytes) {}

  SendWindow send;
  ReceiveWindow receive;
  ByteQueue queue;                       // data to be sent, at most Limits::stream_queue_bytes
  Bytes trailer;                         // sent with the last data
  ControlQueue::Ticket head_ticket = 0;  // the last frame of the head we send
  bool head_sent = false;
  bool head_received = false;
  bool trailers_sent = false;
  bool trailers_received = false;
  unsigned interim_heads = 0;  // sent, or received
  bool end_wanted = false;     // send_end() was called
  bool end_sent = false;       // pull() has returned the end
  bool end_received = false;
  bool writable_due = false;  // report StreamWritable when the queue is at most half full
  Turns::Account turn;
  bool is_parked = false;  // is in State::parked
  // Of find_stalled(): scans that found data waiting for credit: since data was last sent, and since sent_bytes is counted.
  unsigned idle_scans = 0;
  unsigned waiting_scans = 0;
  std::uint64_t sent_bytes = 0;
};

// Rate limits per kind of frame, against peers that cause much work with few bytes.
struct Rates {
  explicit Rates(std::size_t streams);

  RateLimit resets;   // all streams may be reset at the same time, when the peer loses its clients
  RateLimit pings;    // pongs, goaways
  RateLimit empty;    // frames without content
  RateLimit unknown;  // frames of unknown types
  RateLimit late;     // frames for closed streams
};

struct Mux::State {
  State(Role its_role, Limits its_limits, ByteView hello_payload, Instant now, const AskingProcess& process);

  // mux_receive.cc
  Result<void> receive(ByteView bytes, Instant now);
  Result<void> receive_greeting(ByteView& bytes, Instant now);
  Result<void> receive_frame(const Frame& frame, Instant now);
  Result<void> receive_stream_frame(const Frame& frame, Instant now);
  Result<void> receive_head(const Frame& frame, Instant now);
  Result<void> finish_head(std::uint32_t id, std::uint8_t flags);
  Result<void> receive_trailers(const Frame& frame, Instant now);
  Result<void> receive_data(const Frame& frame, Instant now);
  Result<void> receive_reset(const Frame& frame, Instant now);
  Result<void> receive_stream_window(const Frame& frame);
  Result<void> receive_link_window(const Frame& frame);
  Result<void> receive_ping(const Frame& frame, Instant now);
  Result<void> receive_pong(const Frame& frame, Instant now);
  Result<void> receive_go_away(const Frame& frame, Instant now);
  void end_received(std::uint32_t id, Stream& stream, ByteView trailer);

  // mux_send.cc
  std::size_t pull(Bytes& to, std::size_t most, Instant now);
  bool wants_write() const;
  void emit(const FrameHeader& header, ByteView payload, Bytes& to, Instant now);
  void emit_data(Bytes& to, std::size_t room, Instant now);
  // `flags`: of its last frame.
  Result<ControlQueue::Ticket> queue_head(std::uint32_t id, ByteView prelude, const Fields& fields,
                                          std::uint8_t flags = 0);
  void queue_number(FrameType type, std::uint32_t id, std::uint64_t number);
  void queue_end(std::uint32_t id, ByteView trailer);
  void grant_link();
  void take_turn(std::uint32_t id, Stream& stream);
  void unpark();
  bool can_take_turn(const Stream& stream) const;
  std::uint64_t share_left(const Stream& stream) const;
  std::size_t queue_limit() const;
  void expect_answer(Instant now);
  bool is_stalled(Stream& stream) const;
  void find_stalled(Instant now);
  void end_sent(std::uint32_t id);

  // mux.cc
  void fail_link(const Error& error);
  Stream* find(std::uint32_t id);
  void close_if_ended(std::uint32_t id, const Stream& stream);
  void drop(std::uint32_t id);
  void send_go_away(std::string_view reason);

  const Role role;
  const Limits limits;
  const Instant hello_deadline;

  std::optional<Error> error;
  std::optional<Greeting> peer;  // once it has greeted
  bool sent_go_away = false;
  bool received_go_away = false;
  bool is_retiring = false;                  // the answerer wants another link instead of this one
  std::uint32_t last_stream = 0;             // the last stream that the asker has opened
  std::uint32_t last_answered = kMaxStream;  // the last stream of our GOAWAY; later ones are ignored

  std::unordered_map<std::uint32_t, Stream> streams;
  // Bytes of ended streams that the layer above still holds; in total at most the link's window.
  std::unordered_map<std::uint32_t, std::uint64_t> lingering;

  std::deque<Event> events;
  std::size_t head_event_bytes = 0;

  // Receiving.
  Bytes greeting_in;
  FrameReader frames_in;
  Bytes head_in;  // an incomplete head, while head_stream is not 0
  std::uint32_t head_stream = 0;
  HeadDecoder head_decoder;
  ReceiveWindow link_receive;
  Rates rates;

  // Sending.
  Bytes greeting_out;
  ControlQueue control;
  Turns turns;                        // streams with data and credit for it
  std::vector<std::uint32_t> parked;  // the same, but they have taken their share of the link's window
  WindowShare send_share{1, 1, 1, 0};
  WindowShare receive_share{1, 1, 1, 0};
  WindowShare queue_share{1, 1, 1, 0};
  std::size_t queued_bytes = 0;  // in all streams' queues
  Instant next_scan = kNever;    // of find_stalled(); kNever while no data waits
  HeadEncoder head_encoder;
  SendWindow link_send{0};
  std::uint32_t previous_sent = 0;

  Keepalive keepalive;
  std::optional<Duration> round_trip;
  Counters counters;
};

}  // namespace railgun::link
