// What libnghttp2 calls: each turns C into a call of the state. A result other than 0 ends the library's work; whoever
// called it then ends the session.
#include "railgund/http2/server_connection_state.h"

namespace railgun::http2 {
namespace {

constexpr std::int32_t kNoLastStream = 0x7fffffff;  // in the first GOAWAY of two

constexpr int result_of(bool may_go_on) { return may_go_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE; }

StreamId id_of(const nghttp2_frame* frame) { return StreamId{static_cast<std::uint32_t>(frame->hd.stream_id)}; }

// Codes that we reset streams with on our own account; the library uses the others, for what a client did.
bool is_ours(std::uint32_t code) {
  return code == NGHTTP2_NO_ERROR || code == NGHTTP2_INTERNAL_ERROR || code == NGHTTP2_CANCEL;
}

}  // namespace

const nghttp2_session_callbacks* ServerConnection::State::callbacks() {
  static const nghttp2_session_callbacks* const kCallbacks = [] {
    nghttp2_session_callbacks* made = make_callbacks<State>();
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, &on_begin_frame);
    return made;
  }();
  return kCallbacks;
}

// Every frame uses a budget of its kind, before anything is done for it.
int ServerConnection::State::on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  const bool is_ack = (head->flags & NGHTTP2_FLAG_ACK) != 0;
  if (head->type != NGHTTP2_CONTINUATION) s.head_since = kNever;  // a head's frames come without others between them
  switch (head->type) {
    case NGHTTP2_HEADERS: {
      s.continuations = 0;
      const auto id = static_cast<std::uint32_t>(head->stream_id);
      if (id <= s.last_stream) return 0;
      s.last_stream = id;
      return result_of(!s.settings_acknowledged || s.streams.size() < s.limits.streams || s.take(Misuse::kStreams));
    }
    case NGHTTP2_CONTINUATION:
      return result_of(++s.continuations <= kMostContinuations || s.take(Misuse::kContinuations));
    case NGHTTP2_DATA: {
      const bool ends = (head->flags & NGHTTP2_FLAG_END_STREAM) != 0;
      return result_of(head->length > 0 || ends || s.take(Misuse::kEmptyData));
    }
    case NGHTTP2_RST_STREAM:
      return result_of(s.take(Misuse::kResets));
    case NGHTTP2_SETTINGS:
      return result_of((is_ack && !s.settings_acknowledged) || s.take(Misuse::kSettings));
    case NGHTTP2_PING:
      return result_of((is_ack && s.draining) || s.take(Misuse::kPings));
    case NGHTTP2_PRIORITY:
    case NGHTTP2_PRIORITY_UPDATE:
      return result_of(s.take(Misuse::kPriorities));
    case NGHTTP2_WINDOW_UPDATE:
      return result_of(s.take(Misuse::kWindowUpdates));
    default:
      return result_of(s.take(Misuse::kOther));
  }
}

int ServerConnection::State::on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  s.head_since = s.now;
  s.head_stream = id_of(frame);
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) s.open_stream(id_of(frame));
  return 0;
}

int ServerConnection::State::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                                       std::uint8_t, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = s.find(id_of(frame));
  return result_of(stream == nullptr || s.add_field(*stream, text_of(name, name_size), text_of(value, value_size)));
}

int ServerConnection::State::on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = frame->hd.stream_id == 0 ? nullptr : s.find(id_of(frame));
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      s.head_since = kNever;
      if (stream == nullptr) return 0;
      if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) return result_of(s.finish_head(*stream, ends_stream(frame)));
      if (ends_stream(frame)) s.end_request(*stream);
      return 0;
    case NGHTTP2_DATA:
      // Padding alone is as empty.
      if (frame->hd.length > 0 && frame->hd.length == frame->data.padlen && !ends_stream(frame))
        return result_of(s.take(Misuse::kEmptyData));
      if (stream != nullptr && ends_stream(frame)) s.end_request(*stream);
      return 0;
    case NGHTTP2_SETTINGS:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        s.settings_acknowledged = true;
      } else {
        s.note_all_windows();
      }
      return 0;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && s.draining) s.name_last_stream();
      return 0;
    case NGHTTP2_WINDOW_UPDATE:
      if (stream != nullptr) s.note_window(*stream);
      return 0;
    case NGHTTP2_PRIORITY_UPDATE: {
      const auto* update = static_cast<const nghttp2_ext_priority_update*>(frame->ext.payload);
      s.note_priority_update(static_cast<std::uint32_t>(update->stream_id),
                             text_of(update->field_value, update->field_value_len));
      return 0;
    }
    default:
      return 0;
  }
}

int ServerConnection::State::on_data_chunk(nghttp2_session*, std::uint8_t, std::int32_t stream,
                                           const std::uint8_t* data, std::size_t size, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  return result_of(s.take_data(StreamId{static_cast<std::uint32_t>(stream)}, ByteView(data, size)));
}

int ServerConnection::State::on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  const StreamId closed{static_cast<std::uint32_t>(id)};
  if (s.head_stream == closed) s.head_since = kNever;
  Stream* const stream = s.find(closed);
  if (stream == nullptr) return 0;
  if (stream->tag != 0) s.push(*stream, http::ClientGone{});
  s.forget(*stream);
  return 0;
}

int ServerConnection::State::on_frame_send(nghttp2_session* library, const nghttp2_frame* frame, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  switch (frame->hd.type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS: {
      Stream* const stream = s.find(id_of(frame));
      if (stream == nullptr) return 0;
      if (frame->hd.type == NGHTTP2_DATA) s.after_data_sent(*stream, frame->hd.length);
      if (ends_stream(frame)) s.after_end_sent(*stream);
      return 0;
    }
    case NGHTTP2_RST_STREAM:
      return result_of(is_ours(frame->rst_stream.error_code) || s.take(Misuse::kFaults));
    case NGHTTP2_GOAWAY:
      if (frame->goaway.error_code != NGHTTP2_NO_ERROR && !s.misuse) s.misuse = Misuse::kProtocol;
      if (frame->goaway.last_stream_id != kNoLastStream) {
        s.goaway_sent = true;
      } else {
        // Its answer says that the client has read the GOAWAY.
        nghttp2_submit_ping(library, NGHTTP2_FLAG_NONE, nullptr);
      }
      return 0;
    default:
      return 0;
  }
}

// An answer's head that the library cannot send, because it is too large: the stream would wait for ever.
int ServerConnection::State::on_frame_not_send(nghttp2_session* library, const nghttp2_frame* frame, int,
                                               void*) noexcept {
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_INTERNAL_ERROR);
  return 0;
}

// How much of the answer goes into the next frame. The bytes are taken in send_data().
ssize_t ServerConnection::State::read_data(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t size,
                                           std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = s.find(StreamId{static_cast<std::uint32_t>(id)});
  if (stream == nullptr) return NGHTTP2_ERR_DEFERRED;  // its RST_STREAM is on the way
  const bool has_ended = stream->answering == Stream::Answering::kEnded;
  return s.session.next_data(id, size, {stream->output, has_ended, stream->answer_trailers}, flags);
}

int ServerConnection::State::send_data(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head,
                                       std::size_t size, nghttp2_data_source*, void* user) noexcept {
  State& s = *static_cast<State*>(user);
  Stream* const stream = s.find(id_of(frame));
  if (stream == nullptr || stream->output.size() < size) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  s.output_bytes -= size;
  return s.session.write_data(head, stream->output, size);
}

}  // namespace railgun::http2
