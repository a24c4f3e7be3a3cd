#include "railgund/http2/server_connection_state.h"

#include <algorithm>
#include <array>

#include "railgund/base/check.h"
#include "railgund/http2/session_memory.h"

namespace railgun::http2 {
namespace {

// The same for every connection.
const nghttp2_option* options() {
  static const Options kOptions = [] {
    Options made = make_options();
    nghttp2_option* const option = made.get();
    nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);  // it reads the clock; ours does not
    // Debian's 1.52 counts a frame's head as often as it comes in pieces. This limit is for heads of requests that are
    // refused, whose frames it does not show us.
    nghttp2_option_set_max_continuations(option, kFrameHeadBytes * (kMostContinuations + 1));
    nghttp2_option_set_builtin_recv_extension_type(option, NGHTTP2_PRIORITY_UPDATE);
    return made;
  }();
  return kOptions.get();
}

// A GOAWAY frame (RFC 9113 6.8), for when the library is not to be asked any more.
Bytes goaway_frame(std::uint32_t last_stream, std::uint32_t code) {
  Bytes frame;
  ByteWriter out(frame);
  out.u16(0);
  out.u8(8);  // the length, in three bytes
  out.u8(NGHTTP2_GOAWAY);
  out.u8(NGHTTP2_FLAG_NONE);
  out.u32(0);
  out.u32(last_stream);
  out.u32(code);
  return frame;
}

}  // namespace

ServerConnection::State::State(const ServerLimits& l, bool is_secure, Instant n)
    : limits(l), secure(is_secure), now(n), begun_at(n), idle_since(n), write_at(n), pulled_at(n) {
  open_session();
}

void ServerConnection::State::open_session() {
  nghttp2_session* made = nullptr;
  RAILGUN_CHECK(nghttp2_session_server_new3(&made, callbacks(), this, options(), session_memory()) == 0);
  session.open(made);
  const auto window = static_cast<std::uint32_t>(limits.http.unread_bytes);
  const std::array<nghttp2_settings_entry, 4> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  RAILGUN_CHECK(nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
  RAILGUN_CHECK(nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0,
                                                      static_cast<std::int32_t>(limits.unread_bytes)) == 0);
}

Stream* ServerConnection::State::find(StreamId id) const {
  const auto place = std::lower_bound(streams.begin(), streams.end(), id,
                                      [](const auto& stream, StreamId i) { return stream->id < i; });
  return place != streams.end() && (*place)->id == id ? place->get() : nullptr;
}

void ServerConnection::State::push(const Stream& stream, http::ServerEvent event) {
  events.add({.stream = stream.id, .tag = stream.tag, .event = std::move(event)});
}

bool ServerConnection::State::has_output() const { return !tail.empty() || session.wants_write(); }

void ServerConnection::State::settle() {
  const bool has_nobody = client_ended && streams.empty();
  if (has_nobody || session.is_over()) end_session(NGHTTP2_NO_ERROR);
  const bool pending = has_output();
  if (pending && !output_pending) write_at = now;
  output_pending = pending;
}

void ServerConnection::State::begin_drain(Instant end) {
  drain_end = std::min(drain_end, end);
  if (draining || !session) return;
  draining = true;
  nghttp2_submit_shutdown_notice(session.get());
  session.wake();
}

// RFC 9113 6.8: requests that were on their way when the client read the first GOAWAY have come by now.
void ServerConnection::State::name_last_stream() {
  if (last_named || !session) return;
  last_named = true;
  nghttp2_submit_goaway(session.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  session.wake();
}

bool ServerConnection::State::take(Misuse what) {
  if (what != Misuse::kStreams && what != Misuse::kContinuations && budgets.take(what, now)) return true;
  if (!misuse) misuse = what;
  return false;
}

void ServerConnection::State::end_session(std::uint32_t code) {
  if (!session) return;
  const auto last = static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session.get()));
  for (const auto& stream : streams) {
    if (stream->tag != 0) push(*stream, http::ClientGone{});
  }
  streams = Streams();
  writable = std::vector<StreamId>();
  output_bytes = 0;
  session.close();
  closing = true;
  head_since = drain_end = kNever;
  const bool is_told = goaway_sent && (code == NGHTTP2_NO_ERROR || misuse == Misuse::kProtocol);
  if (!client_ended && !is_told) tail.append(goaway_frame(last, code));
}

// The library has given up: because a callback told it to, or for reasons of its own.
void ServerConnection::State::end_for_misuse(int error) {
  if (!misuse) {
    misuse = error == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS ? Misuse::kContinuations
             : error == NGHTTP2_ERR_FLOODED              ? Misuse::kSettings
                                                         : Misuse::kProtocol;
  }
  end_session(*misuse == Misuse::kProtocol ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace railgun::http2
