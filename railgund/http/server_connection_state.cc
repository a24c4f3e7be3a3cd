#include "railgund/http/server_connection_state.h"

#include <algorithm>
#include <utility>

#include "railgund/http/answer.h"
#include "railgund/http/deadline.h"
#include "railgund/http/progress.h"
#include "railgund/http/writer.h"

namespace railgun::http {

// ---- reading

void ServerConnection::State::consume_input() {
  while (!input.empty()) {
    const std::size_t taken = read(input.view());
    input.consume(taken);
    if (taken == 0) break;
  }
  if (client_ended) settle_end();
}

std::size_t ServerConnection::State::read(ByteView bytes) {
  switch (reading) {
    case Reading::kIdle:
      if (!has_room_for_answer()) return 0;
      reading = Reading::kHead;
      read_at = now;
      head = std::make_unique<HeadReader>(HeadKind::kRequest, HeadLimits{limits.head_bytes, limits.field_count});
      [[fallthrough]];
    case Reading::kHead:
      return read_head(bytes);
    case Reading::kBody:
      return read_body(bytes);
    case Reading::kHeld:
      return 0;
    case Reading::kTunnel:
      read_at = now;
      unread += bytes.size();
      events.push(TunnelBytes{to_bytes(bytes)});
      return bytes.size();
    case Reading::kDropped:
      return bytes.size();
  }
  return bytes.size();
}

std::size_t ServerConnection::State::read_head(ByteView bytes) {
  const auto taken = head->read(bytes);
  if (!taken) {
    answer_refusal(taken.error(), true);
    return bytes.size();
  }
  if (head->is_complete()) {
    auto raw = parse_request_head(head->head());
    head.reset();
    if (raw) {
      begin_exchange(std::move(*raw));
    } else {
      answer_refusal(raw.error(), true);
    }
  }
  return *taken;
}

void ServerConnection::State::begin_exchange(RawHead raw) {
  const bool with_body = raw.method != "HEAD";
  auto request = judge_request(std::move(raw), secure);
  if (!request) {
    answer_refusal(request.error(), with_body);
    return;
  }
  if (limits.requires_host && request->host.empty()) {
    answer_refusal({400, "no Host field; requests of HTTP/1.0 need one too, as the host decides which site answers"},
                   with_body);
    return;
  }
  ++requests;
  exchange = std::make_unique<Exchange>(*request, BodyReader(request->body));
  answering = Answering::kAwaited;
  unread = 0;
  read_at = write_at = now;
  events.push(RequestReceived{std::move(*request)});
  reading = exchange->body.is_complete() ? Reading::kHeld : Reading::kBody;
  if (reading == Reading::kHeld) {
    exchange->awaits_continue = false;
    events.push(RequestEnd{});
  }
}

std::size_t ServerConnection::State::read_body(ByteView bytes) {
  if (exchange->awaits_continue) read_at = now;  // until now it was free to wait
  exchange->awaits_continue = false;
  Bytes body;
  const auto taken = exchange->body.read(bytes, body);
  // Only the body's own bytes are progress, not those of its framing.
  read_at = after_progress(read_at, body.size(), limits.min_rate, now);
  if (!body.empty()) {
    unread += body.size();
    events.push(RequestBody{std::move(body)});
  }
  if (!taken) {
    answer_refusal(taken.error(), !exchange->is_head);
    return bytes.size();
  }
  if (exchange->body.is_complete()) {
    reading = Reading::kHeld;
    events.push(RequestEnd{exchange->body.take_trailers()});
  }
  return *taken;
}

// The client sends no more: what is half-way will never be complete.
void ServerConnection::State::settle_end() {
  switch (reading) {
    case Reading::kIdle:
      if (input.empty()) close();  // else it is waiting for its answers to be taken
      break;
    case Reading::kHead:
      close();
      break;
    case Reading::kBody:
      lose_client();
      break;
    case Reading::kHeld:
      if (limits.end_cancels) lose_client();
      break;
    case Reading::kTunnel:
      if (output_ended) close();
      break;
    case Reading::kDropped:
      break;
  }
}

// ---- writing

void ServerConnection::State::write(Bytes&& bytes) {
  if (output.empty()) write_at = now;
  output.append(std::move(bytes));
}

// True if another request may follow an answer of this framing. A client that has not sent all of its request has to be
// cut off: what it sends next could not be told from the rest of that body.
bool ServerConnection::State::will_keep_alive(BodyLength::Kind framing) const {
  const bool is_last = limits.requests > 0 && requests >= limits.requests;
  return exchange->keep_alive && !draining && !is_last && reading == Reading::kHeld &&
         framing != BodyLength::Kind::kToClose && !(client_ended && input.empty());
}

void ServerConnection::State::finish_answer() {
  if (!exchange->keep_alive || reading != Reading::kHeld) {
    close();
    return;
  }
  exchange.reset();
  answering = Answering::kNothing;
  reading = Reading::kIdle;
  read_at = now;
  consume_input();
  if (draining && reading == Reading::kIdle && now >= idle_end) close();
}

// The request is against the rules: says so if no answer has begun, and closes.
void ServerConnection::State::answer_refusal(const Refusal& refusal, bool with_body) {
  if (answering == Answering::kBody) {
    cut_answer();
  } else {
    const std::string line = std::string(reason_phrase(refusal.status)) + ": " + refusal.text;
    write(small_answer(refusal.status, line, {}, with_body, Framing::Connection::kClose));
  }
  lose_client();
}

void ServerConnection::State::cut_answer() {
  reset = exchange->answer.kind() == BodyLength::Kind::kToClose;
  output.clear();
}

void ServerConnection::State::lose_client() {
  if (exchange != nullptr) events.push(ClientGone{});
  close();
}

void ServerConnection::State::close() {
  closing = true;
  reading = Reading::kDropped;
  answering = Answering::kNothing;
  head.reset();
  exchange.reset();
  input.clear();
}

Instant ServerConnection::State::tunnel_deadline() const {
  // What a client sends into a tunnel that the other side has ended keeps nothing alive.
  const Instant since = output_ended ? write_at : std::max(read_at, write_at);
  const bool half_closed = client_ended || output_ended;
  return std::min(deadline_after(since, limits.upgrade_timeout),
                  half_closed ? deadline_after(since, limits.half_closed_timeout) : kNever);
}

Instant ServerConnection::State::read_deadline() const {
  switch (reading) {
    case Reading::kIdle:
      return std::min(output.empty() ? deadline_after(read_at, limits.idle_timeout) : kNever,
                      draining ? idle_end : kNever);
    case Reading::kHead:
      return deadline_after(read_at, limits.head_timeout);
    case Reading::kBody:
      return is_awaiting_body() ? deadline_after(read_at, limits.body_timeout) : kNever;
    case Reading::kTunnel:
      return tunnel_deadline();
    case Reading::kHeld:
    case Reading::kDropped:
      return kNever;
  }
  return kNever;
}

Instant ServerConnection::State::write_deadline() const {
  return output.empty() ? kNever : deadline_after(write_at, limits.write_timeout);
}

void ServerConnection::State::on_read_timeout() {
  switch (reading) {
    case Reading::kHead:
      answer_refusal({408, "the head did not come in time"}, true);
      break;
    case Reading::kBody:
      answer_refusal({408, "the body did not come in time"}, !exchange->is_head);
      break;
    default:
      lose_client();
      break;
  }
}

}  // namespace railgun::http
