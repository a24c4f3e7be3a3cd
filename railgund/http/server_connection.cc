#include "railgund/http/server_connection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "railgund/base/byte_queue.h"
#include "railgund/http/answer.h"
#include "railgund/http/body_reader.h"
#include "railgund/http/body_writer.h"
#include "railgund/http/event_list.h"
#include "railgund/http/head_reader.h"
#include "railgund/http/patience.h"
#include "railgund/http/policy.h"
#include "railgund/http/writer.h"

namespace railgun::http {
namespace {

// What the connection reads.
enum class Reading : std::uint8_t {
  kIdle,  // nothing of a request yet
  kHead,
  kBody,
  kHeld,  // the request is complete: what comes is the next one's, and kept until this one is answered
  kTunnel,
  kDropped,  // whatever comes is thrown away
};

enum class Answering : std::uint8_t {
  kNothing,  // no request
  kAwaited,  // the layer above has the request
  kBody,     // the head is written
  kTunnel,
};

// One request and its answer.
struct Exchange {
  Exchange(const Request& request, BodyReader reader)
      : body(reader),
        is_head(request.method == "HEAD"),
        minor_version(request.minor_version),
        keep_alive(request.keep_alive),
        awaits_continue(request.expects_continue) {}

  BodyReader body;
  bool is_head;
  int minor_version;
  bool keep_alive;
  bool awaits_continue;  // the client may hold its body back until it is told to go on
  BodyWriter answer;
  bool drops_body = false;  // the answer is to HEAD, or 204 or 304
};

}  // namespace

struct ServerConnection::State {
  State(ServerLimits l, bool is_secure, Instant n) : limits(l), secure(is_secure), now(n), read_at(n), write_at(n) {}

  ServerLimits limits;
  bool secure;
  Reading reading = Reading::kIdle;
  Answering answering = Answering::kNothing;
  bool draining = false;  // no request after this one
  bool client_ended = false;
  bool closing = false;  // nothing will be written but what `output` holds
  bool reset = false;
  Instant idle_end{};      // draining: until then one may still begin
  Instant now;             // as last told
  Instant read_at;         // the reading side's last progress
  Instant write_at;        // the writing side's
  std::size_t unread = 0;  // body bytes given and not yet consumed
  ByteQueue input;
  ByteQueue output;
  EventList<ServerEvent> events;
  std::unique_ptr<HeadReader> head;
  std::unique_ptr<Exchange> exchange;

  void consume_input();
  std::size_t read(ByteView bytes);
  std::size_t read_head(ByteView bytes);
  std::size_t read_body(ByteView bytes);
  void begin_exchange(RawHead raw);
  void settle_end();

  bool will_keep_alive(BodyLength::Kind framing) const;
  void write(Bytes&& bytes);
  void finish_answer();
  void answer_refusal(const Refusal& refusal, bool with_body);
  void cut_answer();
  void lose_client();
  void close();

  Instant read_deadline() const;
  Instant write_deadline() const;
  void give_up_reading();

  bool is_awaiting_body() const {
    return reading == Reading::kBody && !exchange->awaits_continue && unread < limits.unread_bytes;
  }
};

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
  read_at = now;
  exchange->awaits_continue = false;
  Bytes body;
  const auto taken = exchange->body.read(bytes, body);
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
    events.push(RequestEnd{});
  }
  return *taken;
}

// The client sends no more: what is half-way will never be complete.
void ServerConnection::State::settle_end() {
  switch (reading) {
    case Reading::kIdle:
    case Reading::kHead:
      head.reset();
      close();
      break;
    case Reading::kBody:
      lose_client();
      break;
    case Reading::kHeld:
    case Reading::kTunnel:
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
  return exchange->keep_alive && !draining && reading == Reading::kHeld && framing != BodyLength::Kind::kToClose &&
         !(client_ended && input.empty());
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

Instant ServerConnection::State::read_deadline() const {
  switch (reading) {
    case Reading::kIdle:
      return std::min(output.empty() ? after(read_at, limits.idle) : kNever, draining ? idle_end : kNever);
    case Reading::kHead:
      return after(read_at, limits.head_patience);
    case Reading::kBody:
      return is_awaiting_body() ? after(read_at, limits.body_patience) : kNever;
    case Reading::kHeld:
      return client_ended ? after(write_at, limits.write_patience) : kNever;
    case Reading::kTunnel:
    case Reading::kDropped:
      return kNever;
  }
  return kNever;
}

Instant ServerConnection::State::write_deadline() const {
  return output.empty() ? kNever : after(write_at, limits.write_patience);
}

void ServerConnection::State::give_up_reading() {
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

// ---- the public face

ServerConnection::ServerConnection(ServerLimits limits, bool secure, Instant now)
    : state_(std::make_unique<State>(limits, secure, now)) {}
ServerConnection::~ServerConnection() = default;
ServerConnection::ServerConnection(ServerConnection&&) noexcept = default;
ServerConnection& ServerConnection::operator=(ServerConnection&&) noexcept = default;

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
  s.write_at = now;
  if (s.reading == Reading::kTunnel) s.events.push(TunnelEnd{});
  s.settle_end();
}

std::optional<ServerEvent> ServerConnection::poll() { return state_->events.poll(); }

bool ServerConnection::wants_read() const {
  const State& s = *state_;
  if (s.client_ended) return false;
  switch (s.reading) {
    case Reading::kBody:
    case Reading::kTunnel:
      return s.unread < s.limits.unread_bytes;
    case Reading::kHeld:
      return s.input.size() < s.limits.input_bytes;
    case Reading::kIdle:
    case Reading::kHead:
    case Reading::kDropped:
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

void ServerConnection::send_interim(unsigned status, const Fields& fields) {
  State& s = *state_;
  if (s.answering != Answering::kAwaited || s.exchange->minor_version == 0) return;
  if (status < 100 || status > 199 || status == 101) return;
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
  if (s.answering != Answering::kAwaited) return;
  if (response.status < 200) {
    send_error(502, "the answer has no final status", {}, now);
    return;
  }
  Exchange& exchange = *s.exchange;
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
  s.answering = Answering::kBody;
  s.write(std::move(bytes));
}

std::size_t ServerConnection::writable_bytes() const {
  const State& s = *state_;
  return s.limits.output_bytes - std::min(s.output.size(), s.limits.output_bytes);
}

void ServerConnection::send_body(ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  if (bytes.empty()) return;
  if (s.output.empty()) s.write_at = now;
  if (s.answering == Answering::kTunnel) {
    s.output.append(bytes);
    return;
  }
  if (s.answering != Answering::kBody || s.exchange->drops_body) return;
  if (!s.exchange->answer.write(bytes, s.output)) {
    s.cut_answer();
    s.lose_client();
  }
}

void ServerConnection::send_end(Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering == Answering::kTunnel) {
    s.close();
    return;
  }
  if (s.answering != Answering::kBody) return;
  if (s.output.empty()) s.write_at = now;
  if (!s.exchange->drops_body && !s.exchange->answer.end(s.output)) {
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
  if (s.answering == Answering::kBody || s.answering == Answering::kTunnel) {
    abort();
    return;
  }
  if (s.answering != Answering::kAwaited) return;
  Exchange& exchange = *s.exchange;
  exchange.keep_alive = s.will_keep_alive(BodyLength::Kind::kKnown);
  s.write(small_answer(status, line, extra, !exchange.is_head,
                       connection_field(exchange.keep_alive, exchange.minor_version)));
  s.finish_answer();
}

void ServerConnection::switch_to_tunnel(const Response& response, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.answering != Answering::kAwaited) return;
  Bytes bytes;
  const Framing framing{.connection = Framing::Connection::kUpgrade, .upgrade = response.upgrade};
  if (s.reading != Reading::kHeld || !write_response_head(bytes, 101, response.reason, response.fields, framing)) {
    send_error(502, "the upgrade cannot be passed on", {}, now);
    return;
  }
  s.write(std::move(bytes));
  s.answering = Answering::kTunnel;
  s.reading = Reading::kTunnel;
  s.consume_input();
  if (s.client_ended) s.events.push(TunnelEnd{});
}

std::size_t ServerConnection::pull(Bytes& to, std::size_t most, Instant now) {
  State& s = *state_;
  s.now = now;
  if (s.output.empty()) return 0;
  s.write_at = now;
  if (s.reading == Reading::kIdle) s.read_at = now;
  if (to.empty() && s.output.size() <= most) {  // the usual case: no copy
    to = s.output.take_all();
    return to.size();
  }
  return s.output.take(to, most);
}

bool ServerConnection::wants_write() const { return !state_->output.empty(); }
bool ServerConnection::wants_close() const { return state_->closing && state_->output.empty(); }
bool ServerConnection::wants_reset() const { return state_->reset; }

void ServerConnection::close_after_answer(Instant idle_end, Instant now) {
  State& s = *state_;
  s.now = now;
  s.draining = true;
  s.idle_end = idle_end;
  if (s.reading == Reading::kIdle && now >= idle_end) s.close();
}

bool ServerConnection::is_idle() const {
  const State& s = *state_;
  return s.reading == Reading::kIdle && s.output.empty() && s.events.empty();
}

Instant ServerConnection::deadline() const { return std::min(state_->read_deadline(), state_->write_deadline()); }

void ServerConnection::on_deadline(Instant now) {
  State& s = *state_;
  s.now = now;
  if (now >= s.write_deadline()) {
    if (s.exchange != nullptr && s.answering == Answering::kBody) s.cut_answer();
    s.output.clear();
    s.lose_client();
    return;
  }
  if (now >= s.read_deadline()) s.give_up_reading();
}

}  // namespace railgun::http
