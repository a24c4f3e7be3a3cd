#include "railgund/link/mux.h"

#include <algorithm>

#include "railgund/base/check.h"
#include "railgund/link/mux_state.h"

namespace railgun::link {
namespace {

// Announced limits are 31-bit numbers other than zero; we enforce the announced value.
Limits fit_the_wire(Limits limits) {
  for (std::size_t* limit : {&limits.stream_window_bytes, &limits.link_window_bytes, &limits.head_bytes}) {
    *limit = std::clamp<std::size_t>(*limit, 1, kMaxAnnounced);
  }
  limits.streams = std::min<std::size_t>(limits.streams, kMaxAnnounced);
  return limits;
}

Bytes greeting_of(Role role, const Limits& limits, ByteView payload, const AskingProcess& process) {
  Greeting greeting;
  greeting.role = role;
  greeting.streams = role == Role::kAnswerer ? static_cast<std::uint32_t>(limits.streams) : 0;
  greeting.stream_window_bytes = static_cast<std::uint32_t>(limits.stream_window_bytes);
  greeting.link_window_bytes = static_cast<std::uint32_t>(limits.link_window_bytes);
  greeting.head_bytes = static_cast<std::uint32_t>(limits.head_bytes);
  greeting.payload = to_bytes(payload);
  greeting.features = kFeatureTrailers | kFeatureContent | kFeatureStartingText | kFeatureTunnels;
  greeting.process = process;
  return encode_greeting(greeting);
}

std::optional<std::uint32_t> stream_of(const Event& event) {
  return std::visit(
      [](const auto& happened) -> std::optional<std::uint32_t> {
        if constexpr (requires { happened.stream; }) return static_cast<std::uint32_t>(happened.stream);
        return std::nullopt;
      },
      event);
}

std::size_t head_bytes_of(const Event& event) {
  if (const auto* trailers = std::get_if<TrailersReceived>(&event)) return fields_bytes(trailers->fields);
  const auto* head = std::get_if<HeadReceived>(&event);
  return head == nullptr ? 0 : head->prelude.size() + fields_bytes(head->fields);
}

std::uint32_t number(StreamId stream) { return static_cast<std::uint32_t>(stream); }

}  // namespace

Rates::Rates(std::size_t streams)
    : resets({.burst = static_cast<unsigned>(std::max<std::size_t>(20'000, 2 * streams)),
              .interval = std::chrono::microseconds(100)}),
      pings({.burst = 20, .interval = std::chrono::milliseconds(500)}),
      empty({.burst = 100, .interval = std::chrono::milliseconds(100)}),
      unknown({.burst = 100, .interval = std::chrono::milliseconds(100)}),
      late({.burst = 20'000, .interval = std::chrono::microseconds(100)}) {}

Mux::State::State(Role its_role, Limits its_limits, ByteView hello_payload, Instant now, const AskingProcess& process)
    : role(its_role),
      limits(fit_the_wire(its_limits)),
      hello_deadline(now + limits.hello_timeout),
      link_receive(limits.link_window_bytes),
      rates(limits.streams),
      greeting_out(greeting_of(role, limits, hello_payload, process)),
      keepalive(limits.idle_timeout, limits.ping_timeout, now) {}

Stream* Mux::State::find(std::uint32_t id) {
  const auto found = streams.find(id);
  return found == streams.end() ? nullptr : &found->second;
}

void Mux::State::close_if_ended(std::uint32_t id, const Stream& stream) {
  if (!stream.end_sent || !stream.end_received) return;
  if (stream.receive.held() > 0) lingering.emplace(id, stream.receive.held());
  streams.erase(id);
}

// Closes the stream in any state. Data of it that the layer above held is credited.
void Mux::State::drop(std::uint32_t id) {
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  link_receive.consume(found->second.receive.held());
  queued_bytes -= found->second.queue.size();
  if (found->second.turn.waits()) turns.remove(id, found->second.turn);
  if (found->second.is_parked) std::erase(parked, id);
  streams.erase(found);
  grant_link();
}

// Queues a GOAWAY with the reason, and nothing else.
void Mux::State::fail_link(const Error& why) {
  error = why;
  control.clear();
  streams.clear();
  lingering.clear();
  turns.clear();
  parked.clear();
  queued_bytes = 0;
  next_scan = kNever;
  head_in.clear();
  sent_go_away = false;
  send_go_away(why.text);
}

void Mux::State::send_go_away(std::string_view reason) {
  if (sent_go_away) return;
  sent_go_away = true;
  if (role == Role::kAnswerer) last_answered = last_stream;
  control.push(FrameType::kGoAway, 0, 0, encode_go_away({.last = last_stream, .reason = std::string(reason)}));
}

Mux::Mux(Role role, Limits limits, ByteView hello_payload, Instant now, const AskingProcess& process)
    : state_(std::make_unique<State>(role, limits, hello_payload, now, process)) {}
Mux::~Mux() = default;
Mux::Mux(Mux&&) noexcept = default;
Mux& Mux::operator=(Mux&&) noexcept = default;

Result<void> Mux::receive(ByteView bytes, Instant now) { return state_->receive(bytes, now); }

std::optional<Event> Mux::poll() {
  State& s = *state_;
  if (s.events.empty()) return std::nullopt;
  Event event = std::move(s.events.front());
  s.events.pop_front();
  s.head_event_bytes -= head_bytes_of(event);
  return event;
}

std::size_t Mux::pull(Bytes& to, std::size_t most, Instant now) { return state_->pull(to, most, now); }
bool Mux::wants_write() const { return state_->wants_write(); }

void Mux::set_keepalive(Duration idle_timeout, Duration ping_timeout) {
  state_->keepalive.set_timeouts(idle_timeout, ping_timeout);
}

Instant Mux::deadline() const {
  if (state_->error) return kNever;
  return state_->peer ? std::min(state_->keepalive.deadline(), state_->next_scan) : state_->hello_deadline;
}

Instant Mux::suspect_at() const {
  const State& s = *state_;
  return s.error || !s.peer ? kNever : s.keepalive.suspect_at(s.round_trip);
}

Result<void> Mux::on_deadline(Instant now) {
  State& s = *state_;
  if (s.error || now < deadline()) return {};
  std::optional<Error> dead;
  if (!s.peer) {
    dead = Error{Errc::kTimeout, "timeout: the peer has sent no greeting"};
  } else {
    if (now >= s.next_scan) s.find_stalled(now);
    switch (s.keepalive.on_deadline(now)) {
      case Keepalive::Verdict::kNothing:
        break;
      case Keepalive::Verdict::kSendPing:
        s.queue_number(FrameType::kPing, 0, s.keepalive.number());
        break;
      case Keepalive::Verdict::kPeerGone:
        dead = Error{Errc::kTimeout, "timeout: the peer does not answer a ping"};
        break;
    }
  }
  if (!dead) return {};
  s.fail_link(*dead);
  return std::unexpected(*dead);
}

bool Mux::can_open() const {
  const State& s = *state_;
  const std::size_t held = s.streams.size() + s.lingering.size();
  return s.role == Role::kAsker && s.peer && !is_going_away() && held < s.peer->streams && held < s.limits.streams &&
         s.last_stream < kMaxStream && s.control.bytes() < kMaxWaitingHeadBytes;
}

Result<StreamId> Mux::open(ByteView prelude, const Fields& fields) {
  State& s = *state_;
  if (!can_open()) return fail(Errc::kUnavailable, "link: no stream can be opened now");
  const std::uint32_t id = s.last_stream + 1;
  auto ticket = s.queue_head(id, prelude, fields);
  if (!ticket) return std::unexpected(std::move(ticket.error()));
  s.last_stream = id;
  Stream& stream = s.streams.try_emplace(id, s.peer->stream_window_bytes, s.limits.stream_window_bytes).first->second;
  stream.head_ticket = *ticket;
  stream.head_sent = true;
  ++s.counters.streams_opened;
  // Numbers are not used twice, so a link that has used all of them is replaced by a new one.
  if (id == kMaxStream) s.send_go_away("stream numbers are used up");
  return StreamId{id};
}

Result<void> Mux::send_head(StreamId id, ByteView prelude, const Fields& fields) {
  State& s = *state_;
  Stream* stream = s.find(number(id));
  if (stream == nullptr) return {};
  RAILGUN_CHECK(s.role == Role::kAnswerer && !stream->head_sent);
  auto ticket = s.queue_head(number(id), prelude, fields);
  if (!ticket) return std::unexpected(std::move(ticket.error()));
  stream->head_ticket = *ticket;
  stream->head_sent = true;
  return {};
}

Result<void> Mux::send_interim(StreamId id, ByteView prelude, const Fields& fields) {
  State& s = *state_;
  Stream* stream = s.find(number(id));
  if (stream == nullptr || stream->head_sent || stream->interim_heads >= kMostInterimHeads) return {};
  if (s.control.bytes() >= kMaxWaitingHeadBytes) return {};
  RAILGUN_CHECK(s.role == Role::kAnswerer);
  if (auto ticket = s.queue_head(number(id), prelude, fields, kFlagInterim); !ticket)
    return std::unexpected(std::move(ticket.error()));
  ++stream->interim_heads;
  return {};
}

Result<void> Mux::send_trailers(StreamId id, const Fields& fields) {
  State& s = *state_;
  Stream* stream = s.find(number(id));
  if (stream == nullptr || stream->end_wanted || fields.empty()) return {};
  RAILGUN_CHECK(stream->head_sent && !stream->trailers_sent && (s.peer->features & kFeatureTrailers) != 0);
  if (fields.size() > kMaxTrailerFields || fields_bytes(fields) > kMaxTrailerFieldBytes)
    return fail(Errc::kTooLarge, "trailers: too many fields or bytes");
  if (auto ticket = s.queue_head(number(id), {}, fields, kFlagTrailer); !ticket)
    return std::unexpected(std::move(ticket.error()));
  stream->trailers_sent = true;
  stream->head_ticket = 0;  // the end comes after the trailers, so not in the head's frame
  return {};
}

std::size_t Mux::sendable(StreamId id) const {
  State& s = *state_;
  const auto found = s.streams.find(number(id));
  if (found == s.streams.end() || found->second.end_wanted) return 0;
  Stream& stream = found->second;
  const std::size_t limit = s.queue_limit();
  const std::size_t room = limit - std::min(stream.queue.size(), limit);
  if (room == 0) stream.writable_due = true;
  return room;
}

void Mux::send_data(StreamId id, ByteView data) {
  State& s = *state_;
  Stream* stream = s.find(number(id));
  if (stream == nullptr || data.empty()) return;
  RAILGUN_CHECK(stream->head_sent && data.size() <= sendable(id));
  stream->queue.append(data);
  s.queued_bytes += data.size();
  if (stream->queue.size() > s.queue_limit() / 2) stream->writable_due = true;
  s.take_turn(number(id), *stream);
}

void Mux::set_urgency(StreamId id, std::uint8_t urgency) {
  if (Stream* const stream = state_->find(number(id))) stream->turn.set_urgency(urgency);
}

void Mux::send_end(StreamId id, ByteView trailer) {
  State& s = *state_;
  Stream* stream = s.find(number(id));
  if (stream == nullptr || stream->end_wanted) return;
  RAILGUN_CHECK(stream->head_sent && trailer.size() <= kMaxTrailerBytes);
  stream->end_wanted = true;
  if (!stream->queue.empty()) {
    stream->trailer = to_bytes(trailer);  // sent with the last data
  } else if (!trailer.empty() || !s.control.add_flags(stream->head_ticket, kFlagEnd)) {
    s.queue_end(number(id), trailer);
  }
}

void Mux::reset(StreamId id, ResetCode code) {
  State& s = *state_;
  const std::uint32_t stream = number(id);
  std::erase_if(s.events, [&](const Event& event) {
    if (stream_of(event) != stream) return false;
    s.head_event_bytes -= head_bytes_of(event);
    return true;
  });
  if (s.streams.contains(stream)) {
    s.queue_number(FrameType::kReset, stream, static_cast<std::uint64_t>(code));
    ++s.counters.resets;
    s.drop(stream);
  } else if (const auto ended = s.lingering.find(stream); ended != s.lingering.end()) {
    s.link_receive.consume(ended->second);
    s.lingering.erase(ended);
    s.grant_link();
  }
}

void Mux::consumed(StreamId id, std::size_t bytes) {
  State& s = *state_;
  if (Stream* stream = s.find(number(id))) {
    s.link_receive.consume(stream->receive.consume(bytes));
    const std::uint64_t least = std::max(s.receive_share.stream_grant(), stream->receive.held());
    const std::uint64_t grant = stream->end_received ? 0 : stream->receive.take_grant(least);
    if (grant > 0) s.queue_number(FrameType::kStreamWindow, number(id), grant);
  } else if (const auto ended = s.lingering.find(number(id)); ended != s.lingering.end()) {
    const std::uint64_t counted = std::min<std::uint64_t>(bytes, ended->second);
    s.link_receive.consume(counted);
    ended->second -= counted;
    if (ended->second == 0) s.lingering.erase(ended);
  }
  s.grant_link();
}

void Mux::go_away(std::string_view reason) {
  if (!state_->error) state_->send_go_away(reason);
}

// A GOAWAY that names the highest possible stream rejects nothing.
void Mux::retire(std::string_view reason) {
  State& s = *state_;
  RAILGUN_CHECK(s.role == Role::kAnswerer);
  if (is_going_away() || s.is_retiring) return;
  s.is_retiring = true;
  s.control.push(FrameType::kGoAway, 0, 0, encode_go_away({.last = kMaxStream, .reason = std::string(reason)}));
}

bool Mux::is_going_away() const { return state_->error || state_->sent_go_away || state_->received_go_away; }
bool Mux::is_retiring() const { return state_->is_retiring && !is_going_away(); }
std::size_t Mux::open_streams() const { return state_->streams.size(); }
std::optional<Duration> Mux::round_trip() const { return state_->round_trip; }
const Counters& Mux::counters() const { return state_->counters; }

}  // namespace railgun::link
