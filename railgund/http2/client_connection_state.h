// What a ClientConnection holds, and how it moves on. For client_connection*.cc alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/event_list.h"
#include "railgund/http/parser.h"
#include "railgund/http/policy.h"
#include "railgund/http2/client_connection.h"
#include "railgund/http2/session.h"

namespace railgun::http2 {

struct ClientConnection::State {
  // One request and its answer.
  struct Stream {
    std::int32_t id;
    std::uint64_t tag;
    http::Asked asked;
    bool is_long = false;

    // The request's body.
    http::BodyWriter body;
    ByteQueue output;
    Fields trailers = {};
    bool request_complete = false;  // all was given to us
    bool end_sent = false;          // END_STREAM has been pulled
    bool is_writable_noted = false;

    // The answer.
    http::RawHead head = {};  // as far as it has come; then, its trailers
    std::size_t head_bytes = 0;
    bool is_head_too_large = false;
    bool has_head = false;
    bool is_reset = false;      // by the origin
    bool answer_begun = false;  // or an interim one
    unsigned interims = 0;
    std::size_t unread = 0;  // bytes given up and not yet consumed

    Instant read_at;   // the answer's last progress, or the time from which it is waited for
    Instant write_at;  // the request's last progress
  };

  State(const http::ClientLimits& its_limits, Instant n);

  http::ClientLimits limits;
  std::size_t window_bytes;  // of a stream, as the origin was told
  Instant now;               // as last told
  Instant heard_at;          // bytes have come
  Instant pulled_at;
  bool refuses_more = false;  // GOAWAY, or it was silent while a request waited
  http::EventList<ClientEvent> events;
  std::vector<std::unique_ptr<Stream>> streams;  // in the order of their ids
  std::vector<std::uint64_t> writable;
  Session session;  // closed: the connection is over

  // ---- client_connection.cc
  void open_session();
  void end_if_over();
  void end_session(const Error& error);
  Stream* find(std::int32_t id) const;
  Stream* find_tag(std::uint64_t tag) const;
  Instant stream_deadline(const Stream& stream) const;

  // ---- client_connection_streams.cc
  std::int32_t submit(const http::Request& request, const http::BodyLength& length, bool has_body);
  void add_field(Stream& stream, std::string_view name, std::string_view value);
  void finish_head(Stream& stream, bool ends);
  void accept_head(Stream& stream, bool ends);
  void finish_answer(Stream& stream);
  void take_data(std::int32_t id, ByteView bytes);
  void after_close(Stream& stream, std::uint32_t code);
  // Tells the layer above, and resets the stream.
  void fail(Stream& stream, Error error);
  // The same for a stream that is closed, or was never open.
  void lose(Stream& stream, Error error, bool not_processed);
  void reset(Stream& stream, std::uint32_t code);
  void forget(Stream& stream);
  void note_writable(Stream& stream);
  void note_all_writable();

  // ---- client_connection_callbacks.cc: what the library calls
  static const nghttp2_session_callbacks* callbacks();
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
