// The requests of a connection to an origin: from the head that is sent to the last byte of the answer.
#include <algorithm>
#include <charconv>

#include "railgund/base/text.h"
#include "railgund/http/answer.h"
#include "railgund/http/syntax.h"
#include "railgund/http/trailers.h"
#include "railgund/http2/client_connection_state.h"

namespace railgun::http2 {
namespace {

// More interim answers than this to one request are an attack, or a fault.
constexpr unsigned kMostInterim = 64;
// ": " and the line end of HTTP/1.1, in which limits are counted.
constexpr std::size_t kFieldOverheadBytes = 4;

bool may_be_written(const Field& field) {
  return http::is_token(field.name) && http::is_field_value(field.value) && !http::is_hop_by_hop(field.name) &&
         !same_name(field.name, "host") && !same_name(field.name, "expect");
}

}  // namespace

// The stream's id, or an error of the library's.
std::int32_t ClientConnection::State::submit(const http::Request& request, const http::BodyLength& length,
                                             bool has_body) {
  if (!http::is_token(request.method) || !http::is_target(request.target) || !http::is_field_value(request.host))
    return NGHTTP2_ERR_INVALID_ARGUMENT;
  const std::string length_text = std::to_string(length.bytes);
  std::vector<nghttp2_nv> pairs;
  pairs.reserve(request.fields.size() + 6);
  pairs.push_back(pair_of(":method", request.method));
  pairs.push_back(pair_of(":scheme", request.secure ? "https" : "http"));
  pairs.push_back(pair_of(":authority", request.host));
  pairs.push_back(pair_of(":path", request.target));
  for (const Field& field : request.fields) {
    if (may_be_written(field)) pairs.push_back(pair_of(field.name, http::trim_blanks(field.value)));
  }
  if (request.accepts_trailers) pairs.push_back(pair_of("te", "trailers"));
  if (has_body && length.kind == http::BodyLength::Kind::kKnown)
    pairs.push_back(pair_of("content-length", length_text));
  const nghttp2_data_provider provider{.source = {}, .read_callback = &read_data};
  return nghttp2_submit_request(session.get(), nullptr, pairs.data(), pairs.size(), has_body ? &provider : nullptr,
                                nullptr);
}

void ClientConnection::State::add_field(Stream& stream, std::string_view name, std::string_view value) {
  stream.head_bytes += name.size() + value.size() + kFieldOverheadBytes;
  const std::size_t most_bytes = stream.has_head ? http::kMostTrailerBytes : limits.head_bytes;
  const std::size_t most_fields = stream.has_head ? http::kMostTrailerFields : limits.field_count;
  stream.is_head_too_large =
      stream.is_head_too_large || stream.head_bytes > most_bytes || stream.head.fields.size() >= most_fields;
  if (stream.is_head_too_large) return;
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), stream.head.status);
  } else if (!stream.has_head || http::may_be_trailer(name)) {
    stream.head.fields.push_back({std::string(name), std::string(value)});
  }
}

void ClientConnection::State::finish_head(Stream& stream, bool ends) {
  stream.read_at = now;
  stream.answer_begun = true;
  if (stream.is_head_too_large)
    return fail(stream, {Errc::kTooLarge,
                         stream.has_head ? "answer: the trailers are too large" : "answer: the head is too large"});
  if (!stream.has_head) return accept_head(stream, ends);
  if (ends) finish_answer(stream);
}

void ClientConnection::State::accept_head(Stream& stream, bool ends) {
  http::RawHead raw = std::exchange(stream.head, {});
  stream.head_bytes = 0;
  auto response = http::judge_response(std::move(raw), stream.asked);
  if (!response) return fail(stream, {Errc::kMalformed, "answer: " + response.error().text});
  if (response->status < 200) {
    if (++stream.interims > kMostInterim) return fail(stream, {Errc::kMalformed, "answer: too many interim answers"});
    events.add(ClientEvent{stream.tag, http::InterimReceived{response->status, std::move(response->fields)}});
    return;
  }
  response->reason = http::reason_phrase(response->status);
  response->keep_alive = true;
  // In HTTP/2 the stream's end delimits a body, and END_STREAM says that there is none.
  if (response->body.kind == http::BodyLength::Kind::kToClose)
    response->body = {ends ? http::BodyLength::Kind::kNone : http::BodyLength::Kind::kChunked, 0};
  stream.has_head = true;
  events.add(ClientEvent{stream.tag, http::ResponseReceived{*std::move(response)}});
  if (ends) finish_answer(stream);
}

void ClientConnection::State::finish_answer(Stream& stream) {
  events.add(ClientEvent{stream.tag, http::ResponseEnd{std::move(stream.head.fields)}});
  // An answer that did not wait for the whole request: nobody wants the rest (RFC 9113 8.1).
  if (stream.end_sent) {
    forget(stream);
  } else {
    reset(stream, NGHTTP2_CANCEL);
  }
}

void ClientConnection::State::take_data(std::int32_t id, ByteView bytes) {
  Stream* const stream = find(id);
  if (stream == nullptr) {
    nghttp2_session_consume_connection(session.get(), bytes.size());
    return;
  }
  stream->read_at = now;
  stream->unread += bytes.size();
  events.add(ClientEvent{stream->tag, http::ResponseBody{to_bytes(bytes)}});
}

// The library has closed a stream whose answer is not complete: the origin has reset it, or broken a rule in it.
void ClientConnection::State::after_close(Stream& stream, std::uint32_t code) {
  if (code == NGHTTP2_REFUSED_STREAM)
    return lose(stream, {Errc::kUnavailable, "the origin has refused the request"}, !stream.answer_begun);
  const std::string what = stream.is_reset ? "the origin has reset the request" : "the answer breaks HTTP/2";
  const std::string when = !stream.is_reset  ? ""
                           : stream.has_head ? " in the middle of its answer"
                                             : " instead of answering";
  lose(stream, {Errc::kMalformed, what + when + " (" + nghttp2_http2_strerror(code) + ")"}, false);
}

void ClientConnection::State::fail(Stream& stream, Error error) {
  const std::int32_t id = stream.id;
  lose(stream, std::move(error), false);
  if (session) nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

void ClientConnection::State::lose(Stream& stream, Error error, bool not_processed) {
  const bool answer_begun = stream.answer_begun;
  events.add(ClientEvent{stream.tag, http::ExchangeFailed{std::move(error), answer_begun, not_processed}});
  forget(stream);
}

void ClientConnection::State::reset(Stream& stream, std::uint32_t code) {
  if (session) nghttp2_submit_rst_stream(session.get(), NGHTTP2_FLAG_NONE, stream.id, code);
  forget(stream);
}

void ClientConnection::State::forget(Stream& stream) {
  // What its window held is the other streams' again.
  if (session && stream.unread > 0) nghttp2_session_consume_connection(session.get(), stream.unread);
  session.wake();
  std::erase_if(streams, [&](const auto& held) { return held.get() == &stream; });
}

void ClientConnection::State::note_writable(Stream& stream) {
  if (stream.request_complete || stream.is_writable_noted) return;
  stream.is_writable_noted = true;
  writable.push_back(stream.tag);
}

void ClientConnection::State::note_all_writable() {
  for (const auto& stream : streams) note_writable(*stream);
}

}  // namespace railgun::http2
