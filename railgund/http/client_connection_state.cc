// What comes from the origin, and the deadlines.
#include "railgund/http/client_connection_state.h"

#include <algorithm>
#include <utility>

#include "railgund/base/text.h"
#include "railgund/http/answer.h"
#include "railgund/http/syntax.h"

namespace railgun::http {
namespace {

// More interim answers than this to one request are an attack, or a fault.
constexpr unsigned kMostInterim = 64;

// "Keep-Alive: timeout=5, max=100": the time, or nothing.
std::optional<Duration> read_keep_alive(const Fields& fields) {
  constexpr std::string_view kTimeout = "timeout=";
  constexpr std::uint64_t kMostSeconds = 24 * 3600;
  for (const std::string_view element : split_list(field_value(fields, "Keep-Alive"))) {
    if (!same_name(element.substr(0, kTimeout.size()), kTimeout)) continue;
    const auto seconds = parse_decimal(element.substr(kTimeout.size()));
    if (seconds) return std::chrono::seconds(std::min(*seconds, kMostSeconds));
  }
  return std::nullopt;
}

}  // namespace

void ClientConnection::State::begin_head() {
  reading = Reading::kHead;
  head = std::make_unique<HeadReader>(HeadKind::kResponse, HeadLimits{limits.head_bytes, limits.field_count});
}

std::size_t ClientConnection::State::read(ByteView bytes, Instant now) {
  switch (reading) {
    case Reading::kIdle:
      // An answer nobody asked for, or more than the answer was: the connection cannot be trusted any more.
      break_off();
      return bytes.size();
    case Reading::kHead: {
      answer_begun = true;
      const std::size_t taken = read_head(bytes);
      // What follows a head has a timeout of its own, from here on.
      if (reading != Reading::kHead) read_at = now;
      return taken;
    }
    case Reading::kBody:
      read_at = now;
      return read_body(bytes);
    case Reading::kTunnel:
      read_at = now;
      unread += bytes.size();
      events.push(ResponseBody{to_bytes(bytes)});
      return bytes.size();
    case Reading::kBroken:
      return bytes.size();
  }
  return bytes.size();
}

std::size_t ClientConnection::State::read_head(ByteView bytes) {
  const auto taken = head->read(bytes);
  if (!taken) {
    const bool too_large = taken.error().status == 414 || taken.error().status == 431;
    fail(too_large ? Errc::kTooLarge : Errc::kMalformed, "answer: " + taken.error().text);
    return bytes.size();
  }
  if (!head->is_complete()) return *taken;
  auto raw = parse_response_head(head->head());
  head.reset();
  if (raw) {
    accept_head(std::move(*raw));
  } else {
    fail(Errc::kMalformed, "answer: " + raw.error().text);
  }
  return *taken;
}

void ClientConnection::State::accept_head(RawHead raw) {
  announced_idle = read_keep_alive(raw.fields);
  auto response = judge_response(std::move(raw), asked);
  if (!response) {
    fail(Errc::kMalformed, "answer: " + response.error().text);
    return;
  }
  if (response->status < 200 && response->status != 101) {
    if (++interims > kMostInterim) {
      fail(Errc::kMalformed, "answer: too many interim answers");
      return;
    }
    awaits_continue = false;
    events.push(InterimReceived{response->status, std::move(response->fields)});
    begin_head();
    return;
  }
  awaits_continue = false;
  keep_alive = response->keep_alive;
  if (response->status == 101) {
    reading = Reading::kTunnel;
    request_complete = tunnel_ended = false;
  } else {
    body = BodyReader(is_bodyless(response->status, asked.head) ? BodyLength{} : response->body);
    reading = Reading::kBody;
  }
  events.push(ResponseReceived{std::move(*response)});
  if (reading == Reading::kBody && body.is_complete()) finish_answer();
}

std::size_t ClientConnection::State::read_body(ByteView bytes) {
  Bytes piece;
  const auto taken = body.read(bytes, piece);
  if (!piece.empty()) {
    unread += piece.size();
    events.push(ResponseBody{std::move(piece)});
  }
  if (!taken) {
    fail(Errc::kMalformed, "answer: " + taken.error().text);
    return bytes.size();
  }
  if (body.is_complete()) finish_answer();
  return *taken;
}

void ClientConnection::State::finish_answer() {
  events.push(ResponseEnd{body.take_trailers()});
  // An answer that did not wait for the whole request leaves its rest unsent: nothing can follow it.
  if (!keep_alive || !request_complete || !output.empty()) {
    break_off();
    return;
  }
  reading = Reading::kIdle;
}

// Once both directions have ended and all is sent.
void ClientConnection::State::end_tunnel() {
  if (!tunnel_ended || !request_complete || !output.empty()) return;
  events.push(ResponseEnd{});
  break_off();
}

void ClientConnection::State::break_off() {
  reading = Reading::kBroken;
  head.reset();
  output.clear();
}

void ClientConnection::State::fail(Errc code, std::string text) {
  events.push(ExchangeFailed{{code, std::move(text)}, answer_begun});
  break_off();
}

Instant ClientConnection::State::read_deadline() const {
  if (reading == Reading::kHead && output.empty() && (request_complete || awaits_continue)) {
    return deadline_after(std::max(read_at, write_at), limits.head_timeout);
  }
  if (reading == Reading::kTunnel) {
    // What we send into a tunnel that the origin has ended keeps nothing alive.
    const Instant since = tunnel_ended ? read_at : std::max(read_at, write_at);
    const bool half_closed = tunnel_ended || request_complete;
    return std::min(deadline_after(since, limits.upgrade_timeout),
                    half_closed ? deadline_after(since, limits.half_closed_timeout) : kNever);
  }
  if (reading == Reading::kBody && unread < limits.unread_bytes) return deadline_after(read_at, limits.body_timeout);
  return kNever;
}

}  // namespace railgun::http
