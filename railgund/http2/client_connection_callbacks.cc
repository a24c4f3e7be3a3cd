// What libnghttp2 calls: each turns C into a call of the state.
#include "railgund/http2/client_connection_state.h"

namespace railgun::http2 {
const nghttp2_session_callbacks* ClientConnection::State::callbacks() {
  static const nghttp2_session_callbacks* const kCallbacks = make_callbacks<State>();
  return kCallbacks;
}

int ClientConnection::State::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  if (Stream* const stream = s.find(frame->hd.stream_id)) {
    stream->head = {};
    stream->head_bytes = 0;
  }
  return 0;
}

int ClientConnection::State::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                                       std::uint8_t, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  if (Stream* const stream = s.find(frame->hd.stream_id))
    s.add_field(*stream, text_of(name, name_size), text_of(value, value_size));
  return 0;
}

int ClientConnection::State::on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = frame->hd.stream_id == 0 ? nullptr : s.find(frame->hd.stream_id);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      if (stream != nullptr) s.finish_head(*stream, ends_stream(frame));
      return 0;
    case NGHTTP2_DATA:
      if (stream != nullptr && ends_stream(frame)) s.finish_answer(*stream);
      return 0;
    case NGHTTP2_RST_STREAM:
      if (stream != nullptr) stream->is_reset = true;
      return 0;
    case NGHTTP2_WINDOW_UPDATE:
      if (stream != nullptr) s.note_writable(*stream);
      return 0;
    case NGHTTP2_SETTINGS:
      s.note_all_writable();
      return 0;
    case NGHTTP2_GOAWAY:
      s.refuses_more = true;  // the library has closed the streams that the origin will not answer
      return 0;
    default:
      return 0;
  }
}

int ClientConnection::State::on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t stream,
                                           const std::uint8_t* data, std::size_t size, void* user) noexcept {
  static_cast<State*>(user)->take_data(stream, ByteView(data, size));
  return 0;
}

int ClientConnection::State::on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t code,
                                             void* user) noexcept {
  State& s = *static_cast<State*>(user);
  if (Stream* const stream = s.find(id)) s.after_close(*stream, code);
  return 0;
}

int ClientConnection::State::on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
  Stream* const stream = s.find(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  stream->write_at = s.now;
  stream->end_sent = stream->end_sent || ends_stream(frame);
  s.note_writable(*stream);
  return 0;
}

// A head that the library cannot send, because it is too large or the origin has said GOAWAY meanwhile.
int ClientConnection::State::on_frame_not_send(nghttp2_session*, const nghttp2_frame* frame, int error,
                                               void* user) noexcept {
  State& s = *static_cast<State*>(user);
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  Stream* const stream = s.find(frame->hd.stream_id);
  if (stream == nullptr) return 0;
  if (error == NGHTTP2_ERR_START_STREAM_NOT_ALLOWED || error == NGHTTP2_ERR_SESSION_CLOSING) {
    s.lose(*stream, {Errc::kUnavailable, "the origin takes no more requests on this connection"}, true);
  } else {
    s.lose(*stream, {Errc::kInvalid, "the request's head cannot be sent"}, false);
  }
  return 0;
}

// How much of the request's body goes into the next frame. The bytes are taken in send_data().
ssize_t ClientConnection::State::read_data(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t size,
                                           std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = s.find(id);
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its RST_STREAM is on the way
  return s.session.next_data(id, size, {stream->output, stream->request_complete, stream->trailers}, flags);
}

int ClientConnection::State::send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                                       std::size_t size, nghttp2_data_source*, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = s.find(frame->hd.stream_id);
  if (stream == nullptr || stream->output.size() < size) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  return s.session.write_data(head, stream->output, size);
}

}  // namespace railgun::http2
