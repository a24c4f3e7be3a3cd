// What a ServerConnection holds, and how it moves on. For server_connection*.cc alone.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/http/event_list.h"
#include "railgund/http/refusal.h"
#include "railgund/http2/misuse.h"
#include "railgund/http2/server_connection.h"
#include "railgund/http2/session.h"
#include "railgund/http2/stream.h"

namespace railgun::http2 {

// Between the two GOAWAYs, if the client does not answer the ping: for requests that are on their way, a round trip on
// slow lines.
inline constexpr Duration kLastRequestsTimeout = std::chrono::seconds(1);

// What follows a head that is sent.
enum class HeadUse : std::uint8_t { kBodyFollows, kTunnel, kWholeAnswer };

struct ServerConnection::State {
  using Streams = std::vector<std::unique_ptr<Stream>>;

  State(const ServerLimits& l, bool is_secure, Instant n);

  ServerLimits limits;
  bool secure;
  bool client_ended = false;
  bool settings_acknowledged = false;
  bool draining = false;
  bool last_named = false;   // draining: the second GOAWAY has been queued
  bool goaway_sent = false;  // one that ends the connection
  bool closing = false;      // nothing will be written but what `tail` holds
  bool reset = false;
  bool output_pending = false;  // there was something to pull when we looked last
  std::optional<Misuse> misuse;
  Instant now;  // as last told
  Instant begun_at;
  Instant idle_since;
  Instant head_since = kNever;  // of a head that is not complete
  StreamId head_stream{};
  Instant drain_end = kNever;
  Instant write_at;   // the last progress of our output
  Instant pulled_at;  // the last pull
  std::uint64_t requests = 0;
  std::uint32_t last_stream = 0;  // the newest that the client has begun
  unsigned continuations = 0;     // of the head that comes
  std::size_t output_bytes = 0;   // of all streams
  Budgets budgets;
  Streams streams;                                                   // in the order of their ids; no memory while empty
  std::vector<std::pair<std::uint32_t, Priority>> early_priorities;  // PRIORITY_UPDATE before the request
  http::EventList<StreamEvent> events;
  std::vector<StreamId> writable;
  ByteQueue tail;   // the last bytes, once there is no session
  Session session;  // closed: closing

  // ---- server_connection_state.cc: the connection
  void open_session();
  Stream* find(StreamId id) const;
  static std::int32_t raw(StreamId id) { return static_cast<std::int32_t>(id); }
  void push(const Stream& stream, http::ServerEvent event);
  bool has_output() const;
  // After every input and command: closes if all is done, notes since when output waits.
  void settle();
  void begin_drain(Instant end);
  void name_last_stream();
  // Uses one of a budget. False: that was one too many, and the connection is to be ended as soon as the library can be
  // left.
  bool take(Misuse what);
  // Ends the connection at once: every exchange is dropped, GOAWAY is the last frame.
  void end_session(std::uint32_t code);
  // `error`: the library's, unless `misuse` says more.
  void end_for_misuse(int error);

  // ---- server_connection_streams.cc: streams
  void open_stream(StreamId id);
  bool add_field(Stream& stream, std::string_view name, std::string_view value);
  bool finish_head(Stream& stream, bool ends);
  void end_request(Stream& stream);
  bool take_data(StreamId id, ByteView bytes);
  void set_priority(Stream& stream);
  void note_priority_update(std::uint32_t id, std::string_view value);
  void note_window(Stream& stream);
  void note_all_windows();
  void note_writable(Stream& stream);
  void refuse_tunnel(Stream& stream);
  // Answers a request that is against the rules; its exchange, if there is one, is dropped.
  void refuse(Stream& stream, const http::Refusal& refusal);
  bool submit_head(Stream& stream, unsigned status, const Fields& fields, const http::BodyLength& length,
                   HeadUse use = HeadUse::kBodyFollows);
  void write_small_answer(Stream& stream, unsigned status, std::string_view line, const Fields& extra);
  void append_output(Stream& stream, ByteView bytes);
  // Tells its exchange, then reset_stream().
  void lose_stream(Stream& stream, std::uint32_t code);
  // Sends RST_STREAM and forgets the stream.
  void reset_stream(Stream& stream, std::uint32_t code);
  void forget(Stream& stream);
  void after_data_sent(Stream& stream, std::size_t bytes);
  void after_end_sent(Stream& stream);
  Instant stream_deadline(const Stream& stream) const;
  // False: the connection is to be ended.
  bool on_stream_deadline(Stream& stream);

  // ---- server_connection_callbacks.cc: what the library calls
  static const nghttp2_session_callbacks* callbacks();
  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) noexcept;
  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t flags, void* user) noexcept;
  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
  static int on_data_chunk(nghttp2_session*, std::uint8_t flags, std::int32_t stream, const std::uint8_t* data,
                           std::size_t size, void* user) noexcept;
  static int on_stream_close(nghttp2_session*, std::int32_t stream, std::uint32_t code, void* user) noexcept;
  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept;
  static int on_frame_not_send(nghttp2_session*, const nghttp2_frame* frame, int error, void* user) noexcept;
  static ssize_t read_data(nghttp2_session*, std::int32_t stream, std::uint8_t* buffer, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept;
  static int send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source*, void* user) noexcept;
};

}  // namespace railgun::http2
