#include "railgund/http/client_connection.h"

#include <algorithm>
#include <utility>

#include "railgund/base/byte_queue.h"
#include "railgund/base/text.h"
#include "railgund/http/answer.h"
#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/deadline.h"
#include "railgund/http/event_list.h"
#include "railgund/http/head_reader.h"
#include "railgund/http/policy.h"
#include "railgund/http/syntax.h"
#include "railgund/http/writer.h"

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

enum class Reading : std::uint8_t {
  kIdle,  // nothing may come
  kHead,  // of the answer, or of an interim one
  kBody,
  kTunnel,
  kBroken,  // of no more use: whatever comes is thrown away
};

}  // namespace

struct ClientConnection::State {
  State(ClientLimits l, Instant now) : limits(l), read_at(now), write_at(now) {}

  ClientLimits limits;
  Reading reading = Reading::kIdle;
  unsigned exchanges = 0;
  Instant read_at;   // the answer's last progress, or the time from which it is waited for
  Instant write_at;  // the request's last progress
  ByteQueue output;
  EventList<ClientEvent> events;
  std::size_t unread = 0;

  // Of the exchange under way.
  BodyWriter request_body;
  bool request_complete = true;  // of a tunnel: our direction has ended
  bool tunnel_ended = false;     // by the origin
  bool request_pulled = false;   // a byte of it
  bool awaits_continue = false;
  bool answer_begun = false;
  bool keep_alive = false;
  std::optional<Duration> announced_idle;
  unsigned interims = 0;
  Asked asked;
  std::unique_ptr<HeadReader> head;
  BodyReader body{BodyLength{}};

  void begin_head();
  std::size_t read(ByteView bytes, Instant now);
  std::size_t read_head(ByteView bytes);
  std::size_t read_body(ByteView bytes);
  void accept_head(RawHead raw);
  void finish_answer();
  void end_tunnel();
  void break_off();
  void fail(Errc code, std::string text);

  bool is_asking() const { return reading == Reading::kHead || reading == Reading::kBody; }
  // What an end means that comes before the head of the answer has.
  Errc ended_before_answer() const {
    return !answer_begun && (exchanges > 1 || !request_pulled) ? Errc::kUnavailable : Errc::kMalformed;
  }
  Instant read_deadline() const;
  Instant write_deadline() const { return output.empty() ? kNever : deadline_after(write_at, limits.write_timeout); }
};

// ---- reading

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

// ---- the public face

ClientConnection::ClientConnection(ClientLimits limits, Instant now) : state_(std::make_unique<State>(limits, now)) {}
ClientConnection::~ClientConnection() = default;
ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection& ClientConnection::operator=(ClientConnection&&) noexcept = default;

void ClientConnection::set_limits(ClientLimits limits) { state_->limits = limits; }

void ClientConnection::send_request(const Request& request, Instant now) {
  State& s = *state_;
  if (s.reading == Reading::kBroken) {
    s.events.push(ExchangeFailed{{Errc::kUnavailable, "the origin has closed the connection"}, false});
    return;
  }
  if (s.reading != Reading::kIdle) {
    s.fail(Errc::kInvalid, "a second request before the first was answered");
    return;
  }
  ++s.exchanges;
  BodyLength length = request.body;
  if (length.kind == BodyLength::Kind::kToClose) length.kind = BodyLength::Kind::kChunked;  // only answers have that
  s.request_body = BodyWriter(length);
  s.request_complete = request.body.kind == BodyLength::Kind::kNone;
  s.request_pulled = false;
  s.awaits_continue = request.expects_continue;
  s.answer_begun = false;
  s.interims = 0;
  s.unread = 0;
  s.asked = {.head = request.method == "HEAD", .upgrade = !request.upgrade.empty()};
  s.read_at = now;

  Framing framing{.body = length, .upgrade = request.upgrade, .accepts_trailers = request.accepts_trailers};
  if (s.asked.upgrade) {
    framing.connection = Framing::Connection::kUpgrade;
  } else if (!request.keep_alive) {
    framing.connection = Framing::Connection::kClose;
  }
  Bytes bytes;
  if (auto written = write_request_head(bytes, request, framing); !written) {
    s.fail(written.error().code, written.error().text);
    return;
  }
  s.begin_head();
  s.write_at = now;
  s.output.append(std::move(bytes));
}

std::size_t ClientConnection::writable_bytes() const {
  const State& s = *state_;
  return s.limits.output_bytes - std::min(s.output.size(), s.limits.output_bytes);
}

void ClientConnection::send_body(ByteView bytes, Instant now) {
  State& s = *state_;
  if (bytes.empty()) return;
  if (s.reading == Reading::kTunnel) {
    if (s.request_complete) return;
    if (s.output.empty()) s.write_at = now;
    s.output.append(bytes);
    return;
  }
  if (!s.is_asking() || s.request_complete) return;
  s.awaits_continue = false;
  if (s.output.empty()) s.write_at = now;
  if (!s.request_body.write(bytes, s.output)) s.fail(Errc::kInvalid, "the request's body is longer than announced");
}

void ClientConnection::send_end(Instant now, const Fields& trailers) {
  State& s = *state_;
  if (s.reading == Reading::kTunnel && !s.request_complete) {
    s.request_complete = true;
    s.write_at = now;
    return s.end_tunnel();
  }
  if (!s.is_asking() || s.request_complete) return;
  if (s.output.empty()) s.write_at = now;
  if (!s.request_body.end(s.output, trailers)) {
    s.fail(Errc::kInvalid, "the request's body is shorter than announced");
    return;
  }
  s.request_complete = true;
}

void ClientConnection::receive(ByteView bytes, Instant now) {
  while (!bytes.empty()) bytes = bytes.subspan(state_->read(bytes, now));
}

void ClientConnection::receive_end(Instant now) {
  State& s = *state_;
  s.read_at = now;
  switch (s.reading) {
    case Reading::kIdle:
    case Reading::kBroken:
      s.break_off();
      break;
    case Reading::kHead:
      s.fail(s.ended_before_answer(), s.ended_before_answer() == Errc::kUnavailable
                                          ? "the origin closed the connection before it answered"
                                          : "the origin closed the connection instead of answering");
      break;
    case Reading::kBody:
      if (s.body.is_complete_at_end()) {
        s.events.push(ResponseEnd{});
        s.break_off();
      } else {
        s.fail(Errc::kMalformed, "the origin closed the connection in the middle of its answer");
      }
      break;
    case Reading::kTunnel:
      if (s.tunnel_ended) break;
      s.tunnel_ended = true;
      s.events.push(TunnelEnd{});
      s.end_tunnel();
      break;
  }
}

void ClientConnection::connection_lost(const Error& error) {
  State& s = *state_;
  switch (s.reading) {
    case Reading::kIdle:
    case Reading::kBroken:
      s.break_off();
      break;
    case Reading::kHead:
      s.fail(s.ended_before_answer(), "the connection to the origin broke before it answered: " + error.text);
      break;
    case Reading::kBody:
      s.fail(Errc::kMalformed, "the connection to the origin broke in the middle of its answer: " + error.text);
      break;
    case Reading::kTunnel:
      s.events.push(ResponseEnd{});
      s.break_off();
      break;
  }
}

std::optional<ClientEvent> ClientConnection::poll() { return state_->events.poll(); }

bool ClientConnection::wants_read() const {
  const State& s = *state_;
  if (s.reading == Reading::kBroken) return false;
  if (s.reading == Reading::kTunnel && s.tunnel_ended) return false;
  if (s.reading == Reading::kBody || s.reading == Reading::kTunnel) return s.unread < s.limits.unread_bytes;
  return true;
}

void ClientConnection::body_consumed(std::size_t bytes, Instant now) {
  State& s = *state_;
  const bool was_full = s.unread >= s.limits.unread_bytes;
  s.unread -= std::min(bytes, s.unread);
  if (was_full && s.unread < s.limits.unread_bytes) s.read_at = now;
}

std::size_t ClientConnection::pull(Bytes& to, std::size_t most, Instant now) {
  State& s = *state_;
  if (s.output.empty() || most == 0) return 0;
  s.write_at = now;
  s.request_pulled = true;
  std::size_t count = 0;
  if (to.empty() && s.output.size() <= most) {  // the usual case: no copy
    to = s.output.take_all();
    count = to.size();
  } else {
    count = s.output.take(to, most);
  }
  if (s.reading == Reading::kTunnel) s.end_tunnel();
  return count;
}

bool ClientConnection::wants_write() const { return !state_->output.empty(); }
bool ClientConnection::wants_end() const {
  const State& s = *state_;
  return s.reading == Reading::kTunnel && s.request_complete && s.output.empty();
}
bool ClientConnection::is_reusable() const { return state_->reading == Reading::kIdle; }
unsigned ClientConnection::exchanges() const { return state_->exchanges; }
std::optional<Duration> ClientConnection::announced_idle() const { return state_->announced_idle; }

Instant ClientConnection::deadline() const { return std::min(state_->read_deadline(), state_->write_deadline()); }

void ClientConnection::on_deadline(Instant now) {
  State& s = *state_;
  if (now >= s.write_deadline()) {
    s.fail(Errc::kTimeout, "the origin takes no more of the request");
  } else if (now >= s.read_deadline() && s.reading == Reading::kTunnel) {
    s.events.push(ResponseEnd{});
    s.break_off();
  } else if (now >= s.read_deadline()) {
    s.fail(Errc::kTimeout, s.reading == Reading::kHead ? "the origin does not answer" : "the origin's answer stopped");
  }
}

}  // namespace railgun::http
