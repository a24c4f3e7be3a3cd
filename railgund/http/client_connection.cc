// The public face; what comes from the origin is in client_connection_state.cc.
#include "railgund/http/client_connection.h"

#include <algorithm>
#include <utility>

#include "railgund/http/client_connection_state.h"
#include "railgund/http/writer.h"

namespace railgun::http {

ClientConnection::ClientConnection(ClientLimits limits, Instant now) : state_(std::make_unique<State>(limits, now)) {}
ClientConnection::~ClientConnection() = default;
ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection& ClientConnection::operator=(ClientConnection&&) noexcept = default;

void ClientConnection::set_limits(ClientLimits limits) { state_->limits = limits; }

void ClientConnection::send_request(const Request& request, Instant now) {
  State& s = *state_;
  if (s.reading == State::Reading::kBroken) {
    s.events.push(ExchangeFailed{{Errc::kUnavailable, "the origin has closed the connection"}, false});
    return;
  }
  if (s.reading != State::Reading::kIdle) {
    s.fail(Errc::kInvalid, "a second request before the first was answered");
    return;
  }
  ++s.exchanges;
  BodyLength length = request.body;
  if (length.kind == BodyLength::Kind::kToClose) length.kind = BodyLength::Kind::kChunked;  // only answers have that
  s.request_body = BodyWriter(length);
  s.request_complete =
      request.body.kind == BodyLength::Kind::kNone || (!request.upgrade.empty() && s.request_body.is_complete());
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
  if (s.reading == State::Reading::kTunnel) {
    if (s.request_complete) return;
    if (s.output.empty()) s.write_at = now;
    s.output.append(bytes);
    return;
  }
  if (!s.is_asking() || s.request_complete) return;
  s.awaits_continue = false;
  if (s.output.empty()) s.write_at = now;
  if (!s.request_body.write(bytes, s.output))
    return s.fail(Errc::kInvalid, "the request's body is longer than announced");
  // What is sent later belongs to the tunnel, if there will be one.
  if (s.asked.upgrade && s.request_body.is_complete()) s.request_complete = true;
}

void ClientConnection::send_end(Instant now, const Fields& trailers) {
  State& s = *state_;
  if (s.reading == State::Reading::kTunnel && !s.request_complete) {
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
    case State::Reading::kIdle:
    case State::Reading::kBroken:
      s.break_off();
      break;
    case State::Reading::kHead:
      s.fail(s.ended_before_answer(), s.ended_before_answer() == Errc::kUnavailable
                                          ? "the origin closed the connection before it answered"
                                          : "the origin closed the connection instead of answering");
      break;
    case State::Reading::kBody:
      if (s.body.is_complete_at_end()) {
        s.events.push(ResponseEnd{});
        s.break_off();
      } else {
        s.fail(Errc::kMalformed, "the origin closed the connection in the middle of its answer");
      }
      break;
    case State::Reading::kTunnel:
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
    case State::Reading::kIdle:
    case State::Reading::kBroken:
      s.break_off();
      break;
    case State::Reading::kHead:
      s.fail(s.ended_before_answer(), "the connection to the origin broke before it answered: " + error.text);
      break;
    case State::Reading::kBody:
      s.fail(Errc::kMalformed, "the connection to the origin broke in the middle of its answer: " + error.text);
      break;
    case State::Reading::kTunnel:
      s.events.push(ResponseEnd{});
      s.break_off();
      break;
  }
}

std::optional<ClientEvent> ClientConnection::poll() { return state_->events.poll(); }

bool ClientConnection::wants_read() const {
  const State& s = *state_;
  if (s.reading == State::Reading::kBroken) return false;
  if (s.reading == State::Reading::kTunnel && s.tunnel_ended) return false;
  if (s.reading == State::Reading::kBody || s.reading == State::Reading::kTunnel)
    return s.unread < s.limits.unread_bytes;
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
  if (s.reading == State::Reading::kTunnel) s.end_tunnel();
  return count;
}

bool ClientConnection::wants_write() const { return !state_->output.empty(); }
bool ClientConnection::wants_end() const {
  const State& s = *state_;
  return s.reading == State::Reading::kTunnel && s.request_complete && s.output.empty();
}
bool ClientConnection::is_reusable() const { return state_->reading == State::Reading::kIdle; }
unsigned ClientConnection::exchanges() const { return state_->exchanges; }
std::optional<Duration> ClientConnection::announced_idle() const { return state_->announced_idle; }

Instant ClientConnection::deadline() const { return std::min(state_->read_deadline(), state_->write_deadline()); }

void ClientConnection::on_deadline(Instant now) {
  State& s = *state_;
  if (now >= s.write_deadline()) {
    s.fail(Errc::kTimeout, "the origin takes no more of the request");
  } else if (now >= s.read_deadline() && s.reading == State::Reading::kTunnel) {
    s.events.push(ResponseEnd{});
    s.break_off();
  } else if (now >= s.read_deadline()) {
    s.fail(Errc::kTimeout,
           s.reading == State::Reading::kHead ? "the origin does not answer" : "the origin's answer stopped");
  }
}

}  // namespace railgun::http
