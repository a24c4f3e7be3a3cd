// The public face; what moves is in server_connection_state.cc, _streams.cc and _callbacks.cc.
#include "railgund/http2/server_connection.h"

#include <algorithm>
#include <utility>

#include "railgund/http/answer.h"
#include "railgund/http/deadline.h"
#include "railgund/http/progress.h"
#include "railgund/http2/server_connection_state.h"

namespace railgun::http2 {
namespace {

// As in HTTP/1.1: a client that let this long pass since the last pull gets small pieces, so that its progress can be
// seen.
constexpr Duration kSlowPull = std::chrono::seconds(1);
constexpr std::size_t kSlowPullBytes = 8 * 1024;

// Frames that wait to be pulled: answers to the client's SETTINGS and PINGs, resets, heads of answers. Some 200 bytes
// each. A client that takes none of them is not read.
constexpr std::size_t kMostWaitingFrames = 400;

// A stream that holds nothing may always be given so much, however full the connection is, or it would never be
// told of room. With 100 streams, 100 KB.
constexpr std::size_t kLeastRoomBytes = 1024;

constexpr bool is_awaited(const Stream* stream) {
  return stream != nullptr && stream->answering == Stream::Answering::kAwaited;
}

}  // namespace

ServerConnection::ServerConnection(const ServerLimits& limits, bool secure, Instant now)
    : state_(std::make_unique<State>(limits, secure, now)) {}
ServerConnection::~ServerConnection() = default;
ServerConnection::ServerConnection(ServerConnection&&) noexcept = default;
ServerConnection& ServerConnection::operator=(ServerConnection&&) noexcept = default;

void ServerConnection::set_limits(const ServerLimits& limits) {
  // The client goes by what it was told.
  const std::uint32_t streams = state_->limits.streams;
  const std::size_t stream_window = state_->limits.http.unread_bytes, window = state_->limits.unread_bytes;
  state_->limits = limits;
  state_->limits.streams = streams;
  state_->limits.http.unread_bytes = stream_window;
  state_->limits.unread_bytes = window;
}

void ServerConnection::receive(ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  if (!s.session) return;
  if (const int error = s.session.receive(bytes); error < 0) s.end_for_misuse(error);
  s.settle();
}

void ServerConnection::receive_end(Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.client_ended) return;
  s.client_ended = true;
  if (!s.session) return;
  std::vector<StreamId> lost;
  for (const auto& stream : s.streams) {
    if (s.limits.http.end_cancels || stream->reading != Stream::Reading::kEnded) lost.push_back(stream->id);
  }
  for (const StreamId id : lost) s.lose_stream(*s.find(id), NGHTTP2_CANCEL);
  s.settle();
}

std::optional<StreamEvent> ServerConnection::poll() {
  State& s = *state_;
  while (auto event = s.events.poll()) {
    const Stream* const stream = s.find(event->stream);
    // Of a request that was cancelled before anybody saw it, or that nobody wants to hear of any more.
    if (stream == nullptr && event->tag == 0) continue;
    if (stream != nullptr && stream->tag != 0) event->tag = stream->tag;
    return event;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ServerConnection::poll_writable_tag() {
  State& s = *state_;
  while (!s.writable.empty()) {
    Stream* const stream = s.find(s.writable.back());
    s.writable.pop_back();
    if (s.writable.empty()) s.writable = std::vector<StreamId>();
    if (stream == nullptr) continue;
    stream->is_writable_noted = false;
    if (stream->tag != 0) return stream->tag;
  }
  return std::nullopt;
}

void ServerConnection::set_tag(StreamId stream, std::uint64_t tag) {
  if (Stream* const found = state_->find(stream)) found->tag = tag;
}

std::vector<std::uint64_t> ServerConnection::tags() const {
  std::vector<std::uint64_t> tags;
  for (const auto& stream : state_->streams) {
    if (stream->tag != 0) tags.push_back(stream->tag);
  }
  return tags;
}

void ServerConnection::body_consumed(StreamId stream, std::size_t bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (found == nullptr) return;
  const std::size_t count = std::min(bytes, found->unread);
  if (found->unread >= s.limits.http.unread_bytes) found->read_at = now;
  found->unread -= count;
  nghttp2_session_consume(s.session.get(), State::raw(stream), count);
  s.session.wake();
  s.settle();
}

void ServerConnection::send_interim(StreamId stream, unsigned status, const Fields& fields, Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (!is_awaited(found) || status < 100 || status > 199 || status == 101) return;
  if (nghttp2_session_get_outbound_queue_size(s.session.get()) >= kMostWaitingFrames) return;
  if (status == 100) {
    if (!found->awaits_continue) return;
    found->awaits_continue = false;
    found->read_at = now;
  }
  s.submit_head(*found, status, fields, {});
  s.settle();
}

void ServerConnection::send_response(StreamId stream, const http::Response& response, Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (!is_awaited(found)) return;
  if (response.status < 200) return send_error(stream, 502, "the answer has no final status", {}, now);
  // To the client that would mean that it has its tunnel.
  if (found->is_connect && response.status < 300)
    return send_error(stream, 502, "the origin does not open the WebSocket", {}, now);
  s.refuse_tunnel(*found);
  found->drops_body = http::is_bodyless(response.status, found->is_head);
  if (response.body.kind == http::BodyLength::Kind::kNone && !found->drops_body) {
    found->held_head = std::make_unique<http::Response>(response);
    found->answer = http::BodyWriter({http::BodyLength::Kind::kKnown, 0});
    found->answering = Stream::Answering::kBody;
    found->write_at = now;
    return s.settle();
  }
  const http::BodyLength length = http::framed_length(response, found->is_head, 1);
  const bool is_known = length.kind == http::BodyLength::Kind::kKnown;
  found->answer = http::BodyWriter(is_known ? length : http::BodyLength{http::BodyLength::Kind::kToClose, 0});
  if (apply_priority(field_value(response.fields, "Priority"), found->priority)) s.set_priority(*found);
  if (!s.submit_head(*found, response.status, response.fields, length))
    return s.lose_stream(*found, NGHTTP2_INTERNAL_ERROR);
  found->answering = Stream::Answering::kBody;
  found->write_at = now;
  s.note_window(*found);
  s.settle();
}

// The streams share the room: each may hold as much as is free. So one alone holds half, and none is kept out by others
// that hold theirs. What the client's window does not let out is not taken in at all.
std::size_t ServerConnection::writable_bytes(StreamId stream) const {
  const State& s = *state_;
  const Stream* const found = s.find(stream);
  if (found == nullptr) return 0;
  if (found->drops_body) return s.limits.http.output_bytes;
  const std::size_t held = found->output.size();
  const std::size_t free = s.limits.http.output_bytes - std::min(s.output_bytes, s.limits.http.output_bytes);
  const std::size_t share = std::max(free, held == 0 ? kLeastRoomBytes : std::size_t{0});
  const auto window = static_cast<std::size_t>(
      std::max(0, nghttp2_session_get_stream_remote_window_size(s.session.get(), State::raw(stream))));
  const std::size_t most = std::min(share, window);
  return most > held ? most - held : 0;
}

std::size_t ServerConnection::waiting_bytes(StreamId stream) const {
  const Stream* const found = state_->find(stream);
  return found == nullptr ? 0 : found->output.size();
}

void ServerConnection::send_body(StreamId stream, ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (found == nullptr || !found->is_answering() || found->drops_body || bytes.empty()) return;
  if (found->answering == Stream::Answering::kBody) {
    if (!found->answer.count(bytes.size())) {
      s.lose_stream(*found, NGHTTP2_INTERNAL_ERROR);
      return s.settle();
    }
  }
  const bool was_empty = found->output.empty();
  s.append_output(*found, bytes);
  if (was_empty) nghttp2_session_resume_data(s.session.get(), State::raw(stream));
  s.session.wake();
  s.settle();
}

void ServerConnection::send_end(StreamId stream, Instant now, const Fields& trailers) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (found == nullptr || !found->is_answering()) return;
  if (found->answering == Stream::Answering::kBody && !found->drops_body && !found->answer.is_complete()) {
    s.lose_stream(*found, NGHTTP2_INTERNAL_ERROR);
    return s.settle();
  }
  if (found->output.empty()) found->write_at = now;
  const bool has_trailers = found->accepts_trailers && !found->drops_body && !found->is_tunnel && !trailers.empty();
  if (has_trailers) found->answer_trailers = trailers;
  if (found->held_head != nullptr) {
    const auto head = std::move(found->held_head);
    if (!s.submit_head(*found, head->status, head->fields, {},
                       has_trailers ? HeadUse::kBodyFollows : HeadUse::kWholeAnswer)) {
      s.lose_stream(*found, NGHTTP2_INTERNAL_ERROR);
      return s.settle();
    }
  }
  found->answering = Stream::Answering::kEnded;
  s.note_window(*found);
  nghttp2_session_resume_data(s.session.get(), State::raw(stream));
  s.session.wake();
  s.settle();
}

void ServerConnection::abort(StreamId stream) {
  State& s = *state_;
  Stream* const found = s.find(stream);
  if (found == nullptr) return;
  s.reset_stream(*found, NGHTTP2_INTERNAL_ERROR);
  s.settle();
}

void ServerConnection::send_error(StreamId stream, unsigned status, std::string_view line, const Fields& extra,
                                  Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (found == nullptr) return;
  if (found->is_answering()) return abort(stream);
  if (!is_awaited(found)) return;
  s.write_small_answer(*found, status, line, extra);
  s.settle();
}

void ServerConnection::switch_to_tunnel(StreamId stream, const http::Response& response, Instant now) {
  State& s = *state_;
  s.now = now;
  Stream* const found = s.find(stream);
  if (!is_awaited(found)) return;
  if (!found->is_connect || !s.submit_head(*found, 200, response.fields, {}, HeadUse::kTunnel))
    return send_error(stream, 502, "the upgrade cannot be passed on", {}, now);
  found->answering = Stream::Answering::kTunnel;
  found->is_tunnel = true;
  found->read_at = found->write_at = now;
  if (!found->early.empty()) s.push(*found, http::TunnelBytes{found->early.take_all()});
  if (found->reading == Stream::Reading::kEnded) s.push(*found, http::TunnelEnd{});
  s.note_window(*found);
  s.settle();
}

bool ServerConnection::wants_read() const {
  const State& s = *state_;
  if (s.client_ended) return false;
  return !s.session || nghttp2_session_get_outbound_queue_size(s.session.get()) < kMostWaitingFrames;
}

std::size_t ServerConnection::pull(Bytes& to, std::size_t most, Instant now) {
  State& s = *state_;
  s.now = now;
  const std::size_t start = to.size();
  if (now - s.pulled_at > kSlowPull && now - s.write_at > kSlowPull) most = std::min(most, kSlowPullBytes);
  s.pulled_at = now;
  if (const int error = s.session.pull(to, most); error < 0) s.end_for_misuse(error);
  if (s.session && s.misuse) s.end_for_misuse(0);
  s.settle();
  if (!s.session && to.size() < start + most) s.tail.take(to, start + most - to.size());
  s.write_at = http::after_progress(s.write_at, to.size() - start, s.limits.http.min_rate, now);
  s.output_pending = s.has_output();
  return to.size() - start;
}

bool ServerConnection::wants_write() const { return state_->has_output(); }
bool ServerConnection::wants_close() const { return state_->closing && state_->tail.empty(); }
bool ServerConnection::wants_reset() const { return state_->reset; }

bool ServerConnection::is_idle() const {
  const State& s = *state_;
  return s.streams.empty() && !s.closing && !s.has_output() && s.head_since == kNever;
}

void ServerConnection::close_after_answer(Instant idle_end, Instant now) {
  State& s = *state_;
  s.now = now;
  s.begin_drain(std::max(idle_end, now + kLastRequestsTimeout));
  s.settle();
}

std::optional<Misuse> ServerConnection::misuse() const { return state_->closing ? state_->misuse : std::nullopt; }

Instant ServerConnection::deadline() const {
  const State& s = *state_;
  const http::ServerLimits& times = s.limits.http;
  Instant earliest = s.has_output() ? http::deadline_after(s.write_at, times.write_timeout) : kNever;
  if (!s.session) return earliest;
  if (s.streams.empty()) earliest = std::min(earliest, http::deadline_after(s.idle_since, times.idle_timeout));
  if (!s.settings_acknowledged) earliest = std::min(earliest, http::deadline_after(s.begun_at, times.head_timeout));
  if (s.head_since != kNever) earliest = std::min(earliest, http::deadline_after(s.head_since, times.head_timeout));
  if (s.draining && !s.last_named) earliest = std::min(earliest, s.drain_end);
  for (const auto& stream : s.streams) earliest = std::min(earliest, s.stream_deadline(*stream));
  return earliest;
}

void ServerConnection::on_deadline(Instant now) {
  State& s = *state_;
  s.now = now;
  const http::ServerLimits& times = s.limits.http;
  if (s.has_output() && now >= http::deadline_after(s.write_at, times.write_timeout)) {
    // It takes nothing, not even GOAWAY.
    s.end_session(NGHTTP2_NO_ERROR);
    s.tail.clear();
    s.reset = true;
    return;
  }
  if (!s.session) return;
  const bool is_idle = s.streams.empty() && now >= http::deadline_after(s.idle_since, times.idle_timeout);
  const bool is_silent = !s.settings_acknowledged && now >= http::deadline_after(s.begun_at, times.head_timeout);
  const bool is_slow = s.head_since != kNever && now >= http::deadline_after(s.head_since, times.head_timeout);
  if (is_idle || is_silent || is_slow) {
    s.end_session(is_silent && !is_idle ? NGHTTP2_SETTINGS_TIMEOUT : NGHTTP2_NO_ERROR);
    return s.settle();
  }
  if (s.draining && now >= s.drain_end) s.name_last_stream();
  std::vector<StreamId> due;
  for (const auto& stream : s.streams) {
    if (now >= s.stream_deadline(*stream)) due.push_back(stream->id);
  }
  for (const StreamId id : due) {
    if (s.session && !s.on_stream_deadline(*s.find(id))) s.end_for_misuse(0);
  }
  s.settle();
}

}  // namespace railgun::http2
