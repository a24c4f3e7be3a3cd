// The requests of a connection: from the head's first field to the last byte of the answer.
#include <algorithm>

#include "railgund/http/answer.h"
#include "railgund/http/deadline.h"
#include "railgund/http/progress.h"
#include "railgund/http/syntax.h"
#include "railgund/http/trailers.h"
#include "railgund/http2/response_head.h"
#include "railgund/http2/server_connection_state.h"

namespace railgun::http2 {
namespace {

// ": " and the line end of HTTP/1.1, in which the limit is counted.
constexpr std::size_t kTrailerOverheadBytes = 4;
constexpr std::size_t kMostEarlyPriorities = 16;  // PRIORITY_UPDATEs kept for requests that have not begun

}  // namespace

// ---- the request

void ServerConnection::State::open_stream(StreamId id) {
  auto made = std::make_unique<Stream>(
      id, RequestHeadLimits{.bytes = limits.http.head_bytes, .field_count = limits.http.field_count}, now);
  const auto early = std::find_if(early_priorities.begin(), early_priorities.end(),
                                  [&](const auto& entry) { return StreamId{entry.first} == id; });
  if (early != early_priorities.end()) {
    made->priority = early->second;
    early_priorities.erase(early);
  }
  streams.push_back(std::move(made));
}

// False: the connection is to be ended. A head that is only too large is read to its end and answered by 431.
bool ServerConnection::State::add_field(Stream& stream, std::string_view name, std::string_view value) {
  if (stream.head != nullptr) {
    stream.head->add(name, value);
    return stream.head->bytes() <= kHeadBombFactor * limits.http.head_bytes || (misuse = Misuse::kHeads, false);
  }
  stream.trailer_bytes += name.size() + value.size() + kTrailerOverheadBytes;
  if (stream.trailer_bytes <= http::kMostTrailerBytes && stream.trailers.size() < http::kMostTrailerFields) {
    if (http::may_be_trailer(name)) stream.trailers.push_back({std::string(name), std::string(value)});
    return true;
  }
  stream.has_too_many_trailers = true;
  return stream.trailer_bytes <= limits.http.head_bytes || (misuse = Misuse::kHeads, false);
}

bool ServerConnection::State::finish_head(Stream& stream, bool ends) {
  RequestHead head = std::move(*stream.head);
  stream.head.reset();
  stream.is_head = head.is_head_request();
  if (const auto priority = head.priority()) stream.priority = *priority;
  set_priority(stream);
  const bool is_too_large = head.is_too_large();
  auto request = std::move(head).finish(ends, secure);
  stream.reading = ends ? Stream::Reading::kEnded : Stream::Reading::kBody;
  stream.answering = Stream::Answering::kAwaited;
  stream.read_at = stream.write_at = now;
  ++requests;
  if (limits.http.requests > 0 && requests >= limits.http.requests) begin_drain(now + kLastRequestsTimeout);
  if (!request) {
    refuse(stream, request.error());
    return !is_too_large || take(Misuse::kHeads);
  }
  if (!request->upgrade.empty()) stream.reading = Stream::Reading::kTunnel;
  stream.is_connect = !request->upgrade.empty();
  stream.awaits_continue = request->expects_continue && !ends;
  stream.accepts_trailers = request->accepts_trailers;
  stream.is_long = http::is_grpc_type(field_value(request->fields, "content-type"));
  push(stream, http::RequestReceived{std::move(*request)});
  if (ends || stream.is_connect) push(stream, http::RequestEnd{});
  return true;
}

void ServerConnection::State::end_request(Stream& stream) {
  if (stream.has_too_many_trailers) return refuse(stream, {431, "the trailers are too large"});
  if (stream.reading == Stream::Reading::kBody) push(stream, http::RequestEnd{std::move(stream.trailers)});
  if (stream.reading == Stream::Reading::kTunnel && stream.is_tunnel) push(stream, http::TunnelEnd{});
  stream.reading = Stream::Reading::kEnded;
  stream.read_at = now;
}

bool ServerConnection::State::take_data(StreamId id, ByteView bytes) {
  Stream* const stream = find(id);
  // Nobody wants what comes on a stream that we have reset.
  if (stream == nullptr) return nghttp2_session_consume_connection(session.get(), bytes.size()) == 0;
  if (stream->reading == Stream::Reading::kIgnored)
    return nghttp2_session_consume(session.get(), raw(id), bytes.size()) == 0;
  stream->unread += bytes.size();
  if (stream->reading == Stream::Reading::kTunnel) {
    stream->read_at = now;
    if (stream->is_tunnel) {
      push(*stream, http::TunnelBytes{to_bytes(bytes)});
    } else {
      stream->early.append(bytes);
    }
    return true;
  }
  if (stream->awaits_continue) stream->read_at = now;  // until now it was free to wait
  stream->awaits_continue = false;
  stream->read_at = http::after_progress(stream->read_at, bytes.size(), limits.http.min_rate, now);
  push(*stream, http::RequestBody{to_bytes(bytes)});
  return true;
}

void ServerConnection::State::refuse_tunnel(Stream& stream) {
  if (!stream.is_connect) return;
  stream.is_connect = false;
  if (stream.reading == Stream::Reading::kTunnel) stream.reading = Stream::Reading::kIgnored;
  nghttp2_session_consume(session.get(), raw(stream.id), stream.unread);
  stream.unread = 0;
  stream.early.clear();
}

void ServerConnection::State::refuse(Stream& stream, const http::Refusal& refusal) {
  if (stream.answering != Stream::Answering::kAwaited) return lose_stream(stream, NGHTTP2_CANCEL);
  if (stream.tag != 0) push(stream, http::ClientGone{});
  stream.tag = 0;
  write_small_answer(stream, refusal.status, std::string(http::reason_phrase(refusal.status)) + ": " + refusal.text,
                     {});
}

// ---- priorities

void ServerConnection::State::set_priority(Stream& stream) {
  const nghttp2_extpri priority{.urgency = stream.priority.urgency, .inc = stream.priority.incremental ? 1 : 0};
  nghttp2_session_change_extpri_stream_priority(session.get(), raw(stream.id), &priority, 0);
}

// The library has it already, for requests that it knows; our own copy is what an answer's Priority changes.
void ServerConnection::State::note_priority_update(std::uint32_t id, std::string_view value) {
  const auto priority = parse_priority(value);
  if (!priority) return;
  if (Stream* const stream = find(StreamId{id})) {
    stream->priority = *priority;
  } else if (id > last_stream) {
    if (early_priorities.size() >= kMostEarlyPriorities) early_priorities.erase(early_priorities.begin());
    early_priorities.emplace_back(id, *priority);
  }
}

// ---- the answer

bool ServerConnection::State::submit_head(Stream& stream, unsigned status, const Fields& fields,
                                          const http::BodyLength& length, HeadUse use) {
  const ResponseHead head(status, fields, length, use == HeadUse::kTunnel);
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(head.fields().size());
  for (const FieldView& field : head.fields()) {
    pairs.push_back(pair_of(field.name, field.value));
  }
  session.wake();
  if (status < 200) {
    return nghttp2_submit_headers(session.get(), NGHTTP2_FLAG_NONE, raw(stream.id), nullptr, pairs.data(), pairs.size(),
                                  nullptr) == 0;
  }
  if (use == HeadUse::kWholeAnswer)
    return nghttp2_submit_response(session.get(), raw(stream.id), pairs.data(), pairs.size(), nullptr) == 0;
  // Also if no body follows: the stream would be closed before its exchange is over.
  const nghttp2_data_provider provider{.source = {}, .read_callback = &read_data};
  return nghttp2_submit_response(session.get(), raw(stream.id), pairs.data(), pairs.size(), &provider) == 0;
}

// A whole answer of ours: plain text, one line.
void ServerConnection::State::write_small_answer(Stream& stream, unsigned status, std::string_view line,
                                                 const Fields& extra) {
  Fields fields{{"content-type", "text/plain; charset=utf-8"}};
  fields.insert(fields.end(), extra.begin(), extra.end());
  const unsigned final_status = status >= 200 && status <= 999 ? status : 502;
  refuse_tunnel(stream);
  if (!submit_head(stream, final_status, fields, {http::BodyLength::Kind::kKnown, line.size() + 1}))
    return reset_stream(stream, NGHTTP2_INTERNAL_ERROR);
  stream.answering = Stream::Answering::kEnded;
  if (!http::is_bodyless(final_status, stream.is_head)) {
    append_output(stream, as_bytes(line));
    append_output(stream, as_bytes("\n"));
  }
  note_window(stream);
}

void ServerConnection::State::append_output(Stream& stream, ByteView bytes) {
  if (stream.caught_up) stream.write_at = now;
  stream.caught_up = false;
  stream.output.append(bytes);
  output_bytes += bytes.size();
}

void ServerConnection::State::note_window(Stream& stream) {
  stream.is_blocked =
      stream.has_more_to_send() && nghttp2_session_get_stream_remote_window_size(session.get(), raw(stream.id)) <= 0;
  if (!stream.is_blocked) note_writable(stream);
}

void ServerConnection::State::note_all_windows() {
  for (const auto& stream : streams) note_window(*stream);
}

void ServerConnection::State::note_writable(Stream& stream) {
  if (stream.tag == 0 || stream.is_writable_noted || !stream.is_answering()) return;
  stream.is_writable_noted = true;
  writable.push_back(stream.id);
}

void ServerConnection::State::after_data_sent(Stream& stream, std::size_t bytes) {
  stream.write_at = http::after_progress(stream.write_at, bytes, limits.http.min_rate, now);
  budgets.note_sent(bytes, nghttp2_session_get_stream_remote_window_size(session.get(), raw(stream.id)) > 0);
  note_window(stream);
  if (stream.output.empty() && !stream.is_blocked) stream.caught_up = true;
}

// A client that has not sent all of its request yet need not (RFC 9113 8.1).
void ServerConnection::State::after_end_sent(Stream& stream) {
  stream.end_sent = true;
  stream.is_blocked = false;
  if (stream.reading == Stream::Reading::kEnded || stream.is_tunnel) return;
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, raw(stream.id), NGHTTP2_NO_ERROR);
}

// ---- the end

void ServerConnection::State::lose_stream(Stream& stream, std::uint32_t code) {
  if (stream.tag != 0) push(stream, http::ClientGone{});
  reset_stream(stream, code);
}

void ServerConnection::State::reset_stream(Stream& stream, std::uint32_t code) {
  nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, raw(stream.id), code);
  session.wake();
  forget(stream);
}

void ServerConnection::State::forget(Stream& stream) {
  output_bytes -= stream.output.size();
  // What its window held is the other streams' again.
  if (stream.unread > 0) nghttp2_session_consume_connection(session.get(), stream.unread);
  std::erase_if(streams, [&](const auto& held) { return held.get() == &stream; });
  if (!streams.empty()) return;
  streams = Streams();  // "= {}" would keep its memory
  idle_since = now;
}

Instant ServerConnection::State::stream_deadline(const Stream& stream) const {
  const http::ServerLimits& times = limits.http;
  const Instant blocked = stream.is_blocked ? http::deadline_after(stream.write_at, times.write_timeout) : kNever;
  if (stream.is_tunnel) {
    const bool output_ended = stream.answering == Stream::Answering::kEnded;
    const Instant since = output_ended ? stream.write_at : std::max(stream.read_at, stream.write_at);
    const bool is_half_closed = output_ended || stream.reading == Stream::Reading::kEnded;
    return std::min({blocked, http::deadline_after(since, times.upgrade_timeout),
                     is_half_closed ? http::deadline_after(since, times.half_closed_timeout) : kNever});
  }
  const bool awaits_body =
      stream.reading == Stream::Reading::kBody && !stream.awaits_continue && stream.unread < times.unread_bytes;
  const Duration timeout = stream.is_long ? times.upgrade_timeout : times.body_timeout;
  return std::min(blocked, awaits_body ? http::deadline_after(stream.read_at, timeout) : kNever);
}

bool ServerConnection::State::on_stream_deadline(Stream& stream) {
  if (stream.is_blocked && now >= http::deadline_after(stream.write_at, limits.http.write_timeout)) {
    const bool goes_on = take(Misuse::kPinned);
    lose_stream(stream, NGHTTP2_CANCEL);
    return goes_on;
  }
  if (stream.is_tunnel) {
    lose_stream(stream, NGHTTP2_CANCEL);
  } else {
    refuse(stream, {408, "the body did not come in time"});
    stream.read_at = now;
  }
  return true;
}

}  // namespace railgun::http2
