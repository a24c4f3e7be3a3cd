// A session of libnghttp2, and the way of its output: what the connections of both directions share. For
// client_connection*.cc and server_connection*.cc alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <nghttp2/nghttp2.h>

#include "railgund/base/byte_queue.h"
#include "railgund/base/bytes.h"
#include "railgund/base/check.h"
#include "railgund/base/field.h"

namespace railgun::http2 {

inline constexpr std::size_t kFrameHeadBytes = 9;

// A body as far as it was given to us.
struct Body {
  const ByteQueue& bytes;
  bool has_ended;
  Fields& trailers;
};

class Session {
 public:
  explicit operator bool() const { return session_ != nullptr; }
  nghttp2_session* get() const { return session_.get(); }
  void open(nghttp2_session* made) { session_.reset(made); }
  void close() { session_.reset(); }

  // Something was submitted: there may be output again. receive() implies it.
  void wake() { has_nothing_ = false; }
  bool wants_write() const { return session_ != nullptr && !has_nothing_ && nghttp2_session_want_write(get()) != 0; }
  // The library has nothing more to say to the peer, or to hear from it.
  bool is_over() const {
    return session_ != nullptr && nghttp2_session_want_read(get()) == 0 && nghttp2_session_want_write(get()) == 0;
  }

  // The session is open. 0, or the library's error: then it is to be closed.
  int receive(ByteView bytes);
  // Appends frames to `to` until it has grown by `most` bytes, or by a little more (kLeastDataBytes), or the library has
  // no more. Nothing if the session is closed. 0, or the library's error: then the session is to be closed.
  int pull(Bytes& to, std::size_t most);

  // During a pull, for the callbacks of DATA. What the next frame has of a body, at most `most` bytes: their count, or
  // NGHTTP2_ERR_DEFERRED for none yet. With the last ones come the trailers (RFC 9113 8.1).
  ssize_t next_data(std::int32_t stream, std::size_t most, const Body& body, std::uint32_t* flags);
  // And then the frame: its head, as the library made it, and as many bytes.
  int write_data(const std::uint8_t* head, ByteQueue& from, std::size_t size);

 private:
  bool submit_trailers(std::int32_t stream, Fields& trailers);

  struct Deleter {
    void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  };

  std::unique_ptr<nghttp2_session, Deleter> session_;
  bool has_nothing_ = false;  // the library had nothing to send, whatever it says; until something happens
  Bytes* to_ = nullptr;       // during a pull
  std::size_t end_ = 0;       // the size of *to_ at which the pull ends
};

struct OptionDeleter {
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};
using Options = std::unique_ptr<nghttp2_option, OptionDeleter>;

// Windows open when bytes are consumed, closed streams are forgotten, and heads are no more limited than HTTP/1.1's.
Options make_options();

// The callbacks that both kinds of connection have; each is a static function of `State`, and the user data a State.
template <class State>
nghttp2_session_callbacks* make_callbacks() {
  nghttp2_session_callbacks* made = nullptr;
  RAILGUN_CHECK(nghttp2_session_callbacks_new(&made) == 0);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, &State::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, &State::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, &State::on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &State::on_data_chunk);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, &State::on_stream_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, &State::on_frame_send);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(made, &State::on_frame_not_send);
  nghttp2_session_callbacks_set_send_data_callback(made, &State::send_data);
  return made;
}

// A field for the library, which takes pointers to non-const bytes, but does not change them. Valid as long as both are.
nghttp2_nv pair_of(std::string_view name, std::string_view value);

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return as_text(ByteView(data, size)); }
inline bool ends_stream(const nghttp2_frame* frame) { return (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0; }

}  // namespace railgun::http2
