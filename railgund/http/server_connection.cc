// The public face; what moves is in server_connection_state.cc.
#include "railgund/http/server_connection.h"

#include <algorithm>
#include <utility>

#include "railgund/http/answer.h"
#include "railgund/http/progress.h"
#include "railgund/http/server_connection_state.h"
#include "railgund/http/writer.h"

namespace railgun::http {
namespace {

// A client that let this long pass since the last pull gets small pieces: each pull is all that is seen of its progress,
// and what was pulled before has then left. 8 KiB in write_timeout (60 s) is far below any line in use.
constexpr Duration kSlowPull = std::chrono::seconds(1);
constexpr std::size_t kSlowPullBytes = 8 * 1024;

}  // namespace

ServerConnection::ServerConnection(ServerLimits limits, bool secure, Instant now)
    : state_(std::make_unique<State>(limits, secure, now)) {}
ServerConnection::~ServerConnection() = default;
ServerConnection::ServerConnection(ServerConnection&&) noexcept = default;
ServerConnection& ServerConnection::operator=(ServerConnection&&) noexcept = default;

void ServerConnection::set_limits(ServerLimits limits) { state_->limits = limits; }

void ServerConnection::receive(ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  if (!s.input.empty()) {
    s.input.append(bytes);
    s.consume_input();
    return;
  }
  while (!bytes.empty()) {
    const std::size_t taken = s.read(bytes);
    if (taken == 0) break;
    bytes = bytes.subspan(taken);
  }
  s.input.append(bytes);
}

void ServerConnection::receive_end(Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.client_ended) return;
  s.client_ended = true;
  if (s.reading == State::Reading::kTunnel) {
    s.read_at = now;
    s.events.push(TunnelEnd{});
  }
  s.settle_end();
}

std::optional<ServerEvent> ServerConnection::poll() { return state_->events.poll(); }

bool ServerConnection::wants_read() const {
  const State& s = *state_;
  if (s.client_ended) return false;
  switch (s.reading) {
    case State::Reading::kBody:
    case State::Reading::kTunnel:
      return s.unread < s.limits.unread_bytes;
    case State::Reading::kHeld:
      return s.input.size() < s.limits.input_bytes;
    case State::Reading::kIdle:
      return s.has_room_for_answer();
    case State::Reading::kHead:
    case State::Reading::kDropped:
      return true;
  }
  return true;
}

void ServerConnection::body_consumed(std::size_t bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  const bool was_full = s.unread >= s.limits.unread_bytes;
  s.unread -= std::min(bytes, s.unread);
  if (was_full && s.unread < s.limits.unread_bytes) s.read_at = now;
}

void ServerConnection::send_interim(unsigned status, const Fields& fields, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering != State::Answering::kAwaited || s.exchange->minor_version == 0) return;
  if (status < 100 || status > 199 || status == 101 || writable_bytes() == 0) return;
  if (status == 100) {
    if (!s.exchange->awaits_continue) return;
    s.exchange->awaits_continue = false;
    s.read_at = s.now;
  }
  Bytes bytes;
  if (write_response_head(bytes, status, {}, fields, {})) s.write(std::move(bytes));
}

void ServerConnection::send_response(const Response& response, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering != State::Answering::kAwaited) return;
  if (response.status < 200) {
    send_error(502, "the answer has no final status", {}, now);
    return;
  }
  State::Exchange& exchange = *s.exchange;
  exchange.drops_body = is_bodyless(response.status, exchange.is_head);
  const BodyLength length = framed_length(response, exchange.is_head, exchange.minor_version);
  exchange.answer = BodyWriter(length);
  exchange.keep_alive = s.will_keep_alive(length.kind);
  const Framing framing{.body = length, .connection = connection_field(exchange.keep_alive, exchange.minor_version)};
  Bytes bytes;
  if (!write_response_head(bytes, response.status, response.reason, response.fields, framing)) {
    send_error(502, "the answer cannot be written", {}, now);
    return;
  }
  s.answering = State::Answering::kBody;
  s.write(std::move(bytes));
}

std::size_t ServerConnection::writable_bytes() const {
  const State& s = *state_;
  return s.limits.output_bytes - std::min(s.output.size(), s.limits.output_bytes);
}

std::size_t ServerConnection::waiting_bytes() const { return state_->output.size(); }

void ServerConnection::send_body(ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  if (bytes.empty()) return;
  if (s.output.empty()) s.write_at = now;
  if (s.answering == State::Answering::kTunnel) {
    if (!s.output_ended) s.output.append(bytes);
    return;
  }
  if (s.answering != State::Answering::kBody || s.exchange->drops_body) return;
  if (!s.exchange->answer.write(bytes, s.output)) {
    s.cut_answer();
    s.lose_client();
  }
}

void ServerConnection::send_end(Instant now, const Fields& trailers) {
  State& s = *state_;
  s.now = now;
  if (s.answering == State::Answering::kTunnel) {
    if (s.client_ended) return s.close();
    if (!s.output_ended) s.write_at = now;
    s.output_ended = true;
    return;
  }
  if (s.answering != State::Answering::kBody) return;
  if (s.output.empty()) s.write_at = now;
  const bool has_trailers = s.exchange->accepts_trailers && !trailers.empty();
  if (!s.exchange->drops_body && !s.exchange->answer.end(s.output, has_trailers ? trailers : Fields{})) {
    s.cut_answer();
    s.lose_client();
    return;
  }
  s.finish_answer();
}

void ServerConnection::abort() {
  State& s = *state_;
  if (s.exchange == nullptr) return;
  s.cut_answer();
  s.close();
}

void ServerConnection::send_error(unsigned status, std::string_view line, const Fields& extra, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering == State::Answering::kBody || s.answering == State::Answering::kTunnel) {
    abort();
    return;
  }
  if (s.answering != State::Answering::kAwaited) return;
  State::Exchange& exchange = *s.exchange;
  exchange.keep_alive = s.will_keep_alive(BodyLength::Kind::kKnown);
  s.write(small_answer(status, line, extra, !exchange.is_head,
                       connection_field(exchange.keep_alive, exchange.minor_version)));
  s.finish_answer();
}

void ServerConnection::switch_to_tunnel(const Response& response, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering != State::Answering::kAwaited) return;
  Bytes bytes;
  const Framing framing{.connection = Framing::Connection::kUpgrade, .upgrade = response.upgrade};
  if (s.reading != State::Reading::kHeld ||
      !write_response_head(bytes, 101, response.reason, response.fields, framing)) {
    send_error(502, "the upgrade cannot be passed on", {}, now);
    return;
  }
  s.write(std::move(bytes));
  s.answering = State::Answering::kTunnel;
  s.reading = State::Reading::kTunnel;
  s.read_at = now;
  s.consume_input();
  if (s.client_ended) s.events.push(TunnelEnd{});
}

std::size_t ServerConnection::pull(Bytes& to, std::size_t most, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.output.empty()) return 0;
  if (now - s.pulled_at > kSlowPull && now - s.write_at > kSlowPull) most = std::min(most, kSlowPullBytes);
  s.pulled_at = now;
  if (s.reading == State::Reading::kIdle) s.read_at = now;
  std::size_t count = 0;
  if (to.empty() && s.output.size() <= most) {  // the usual case: no copy
    to = s.output.take_all();
    count = to.size();
  } else {
    count = s.output.take(to, most);
  }
  s.write_at = after_progress(s.write_at, count, s.limits.min_rate, now);
  // Requests that waited until the answers before them were taken.
  if (s.reading == State::Reading::kIdle && !s.input.empty() && s.has_room_for_answer()) s.consume_input();
  return count;
}

bool ServerConnection::wants_write() const { return !state_->output.empty(); }
bool ServerConnection::wants_close() const { return state_->closing && state_->output.empty(); }
bool ServerConnection::wants_end() const { return state_->output_ended && !state_->closing && state_->output.empty(); }
bool ServerConnection::is_idle() const {
  const State& s = *state_;
  return s.reading == State::Reading::kIdle && s.output.empty() && s.input.empty() && !s.closing;
}
bool ServerConnection::wants_reset() const { return state_->reset; }

void ServerConnection::close_after_answer(Instant idle_end, Instant now) {
  State& s = *state_;
  s.now = now;
  s.draining = true;
  s.idle_end = idle_end;
  if (s.reading == State::Reading::kIdle && now >= idle_end) s.close();
}

Instant ServerConnection::deadline() const { return std::min(state_->read_deadline(), state_->write_deadline()); }

void ServerConnection::on_deadline(Instant now) {
  State& s = *state_;
  s.now = now;
  if (now >= s.write_deadline()) {
    s.output.clear();
    s.reset = true;
    s.lose_client();
    return;
  }
  if (now >= s.read_deadline()) s.on_read_timeout();
}

}  // namespace railgun::http
