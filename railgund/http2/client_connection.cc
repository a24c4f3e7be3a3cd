// The public face, and the connection as a whole; requests are in client_connection_streams.cc.
#include "railgund/http2/client_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "railgund/base/check.h"
#include "railgund/http/deadline.h"
#include "railgund/http2/client_connection_state.h"
#include "railgund/http2/session_memory.h"

namespace railgun::http2 {
namespace {

// The same for every connection.
const nghttp2_option* options() {
  static const Options kOptions = make_options();
  return kOptions.get();
}

}  // namespace

ClientConnection::State::State(const http::ClientLimits& its_limits, Instant n)
    : limits(its_limits), window_bytes(its_limits.unread_bytes), now(n), heard_at(n), pulled_at(n) {
  open_session();
}

void ClientConnection::State::open_session() {
  nghttp2_session* made = nullptr;
  RAILGUN_CHECK(nghttp2_session_client_new3(&made, callbacks(), this, options(), session_memory()) == 0);
  session.open(made);
  const std::array<nghttp2_settings_entry, 3> settings{{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0},  // of pushes
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(window_bytes)},
  }};
  RAILGUN_CHECK(nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
  // So large that streams whose readers stand still never stop another.
  const std::size_t whole = std::min<std::size_t>(window_bytes * kClientStreams, NGHTTP2_MAX_WINDOW_SIZE);
  RAILGUN_CHECK(nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(whole)) ==
                0);
}

// The library has nothing more to say to the origin, or to hear from it.
void ClientConnection::State::end_if_over() {
  if (!session.is_over()) return;
  end_session(refuses_more ? Error{Errc::kUnavailable, "the origin has ended the connection"}
                           : Error{Errc::kMalformed, "the origin breaks HTTP/2"});
}

void ClientConnection::State::end_session(const Error& error) {
  session.close();
  while (!streams.empty()) lose(*streams.front(), error, false);
  writable.clear();
}

ClientConnection::State::Stream* ClientConnection::State::find(std::int32_t id) const {
  const auto place = std::lower_bound(streams.begin(), streams.end(), id,
                                      [](const auto& stream, std::int32_t i) { return stream->id < i; });
  return place != streams.end() && (*place)->id == id ? place->get() : nullptr;
}

ClientConnection::State::Stream* ClientConnection::State::find_tag(std::uint64_t tag) const {
  const auto place = std::find_if(streams.begin(), streams.end(), [&](const auto& s) { return s->tag == tag; });
  return place == streams.end() ? nullptr : place->get();
}

Instant ClientConnection::State::stream_deadline(const Stream& stream) const {
  const Instant write =
      stream.output.empty() || stream.is_long ? kNever : http::deadline_after(stream.write_at, limits.write_timeout);
  Duration timeout = stream.has_head ? limits.body_timeout : limits.head_timeout;
  Instant since = stream.read_at;
  if (stream.is_long) {
    timeout = limits.upgrade_timeout;
    since = std::max(stream.read_at, stream.write_at);
  } else if (!stream.has_head) {
    if (!stream.request_complete || !stream.output.empty()) return write;
    since = std::max(stream.read_at, stream.write_at);
  }
  if (stream.unread >= window_bytes) return write;
  return std::min(write, http::deadline_after(since, timeout));
}

// ---- the public face

ClientConnection::ClientConnection(const http::ClientLimits& limits, Instant now)
    : state_(std::make_unique<State>(limits, now)) {}
ClientConnection::~ClientConnection() = default;
ClientConnection::ClientConnection(ClientConnection&&) noexcept = default;
ClientConnection& ClientConnection::operator=(ClientConnection&&) noexcept = default;

void ClientConnection::set_limits(const http::ClientLimits& limits) { state_->limits = limits; }

bool ClientConnection::can_ask() const {
  const State& s = *state_;
  if (!s.session || s.refuses_more) return false;
  const std::size_t allowed =
      nghttp2_session_get_remote_settings(s.session.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return s.streams.size() < std::min(allowed, kClientStreams) &&
         nghttp2_session_check_request_allowed(s.session.get()) != 0;
}

std::size_t ClientConnection::open_requests() const { return state_->streams.size(); }

void ClientConnection::send_request(std::uint64_t tag, const http::Request& request, bool is_long, Instant now) {
  State& s = *state_;
  s.now = now;
  http::BodyLength length = request.body;
  const bool has_body = length.kind != http::BodyLength::Kind::kNone;
  if (length.kind != http::BodyLength::Kind::kKnown) length.kind = http::BodyLength::Kind::kToClose;
  const std::int32_t id = !s.session ? NGHTTP2_ERR_INVALID_STATE : s.submit(request, length, has_body);
  if (id < 0) {
    const bool is_ours = id == NGHTTP2_ERR_INVALID_ARGUMENT;
    Error error = is_ours ? Error{Errc::kInvalid, "the request cannot be written"}
                          : Error{Errc::kUnavailable, "the origin takes no more requests on this connection"};
    return s.events.add(ClientEvent{tag, http::ExchangeFailed{std::move(error), false, !is_ours}});
  }
  auto stream = std::make_unique<State::Stream>(State::Stream{.id = id,
                                                              .tag = tag,
                                                              .asked = {.head = request.method == "HEAD"},
                                                              .is_long = is_long,
                                                              .body = http::BodyWriter(length),
                                                              .output = {},
                                                              .request_complete = !has_body,
                                                              .read_at = now,
                                                              .write_at = now});
  s.streams.push_back(std::move(stream));
  s.session.wake();
}

// What the origin's window does not let out is not taken in at all.
std::size_t ClientConnection::writable_bytes(std::uint64_t tag) const {
  const State& s = *state_;
  const State::Stream* const stream = s.find_tag(tag);
  if (stream == nullptr || !s.session || stream->request_complete) return 0;
  const auto window =
      static_cast<std::size_t>(std::max(0, nghttp2_session_get_stream_remote_window_size(s.session.get(), stream->id)));
  const std::size_t most = std::min(s.limits.output_bytes, window);
  return most > stream->output.size() ? most - stream->output.size() : 0;
}

void ClientConnection::send_body(std::uint64_t tag, ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  State::Stream* const stream = s.find_tag(tag);
  if (stream == nullptr || !s.session || stream->request_complete || bytes.empty()) return;
  if (!stream->body.count(bytes.size()))
    return s.fail(*stream, {Errc::kInvalid, "the request's body is longer than announced"});
  if (stream->output.empty()) stream->write_at = now;
  stream->output.append(bytes);
  nghttp2_session_resume_data(s.session.get(), stream->id);
  s.session.wake();
}

void ClientConnection::send_end(std::uint64_t tag, Instant now, const Fields& trailers) {
  State& s = *state_;
  s.now = now;
  State::Stream* const stream = s.find_tag(tag);
  if (stream == nullptr || !s.session || stream->request_complete) return;
  if (!stream->body.is_complete())
    return s.fail(*stream, {Errc::kInvalid, "the request's body is shorter than announced"});
  if (stream->output.empty()) stream->write_at = now;
  stream->request_complete = true;
  stream->trailers = trailers;
  nghttp2_session_resume_data(s.session.get(), stream->id);
  s.session.wake();
}

void ClientConnection::body_consumed(std::uint64_t tag, std::size_t bytes, Instant now) {
  State& s = *state_;
  s.now = now;
  State::Stream* const stream = s.find_tag(tag);
  if (stream == nullptr || !s.session) return;
  const std::size_t count = std::min(bytes, stream->unread);
  if (stream->unread >= s.window_bytes) stream->read_at = now;
  stream->unread -= count;
  nghttp2_session_consume(s.session.get(), stream->id, count);
  s.session.wake();
}

void ClientConnection::cancel(std::uint64_t tag) {
  State& s = *state_;
  if (State::Stream* const stream = s.find_tag(tag)) s.reset(*stream, NGHTTP2_CANCEL);
  s.events.erase_if([&](const ClientEvent& event) { return event.tag == tag; });
}

void ClientConnection::receive(ByteView bytes, Instant now) {
  State& s = *state_;
  s.now = s.heard_at = now;
  if (!s.session) return;
  if (const int error = s.session.receive(bytes); error < 0)
    s.end_session({Errc::kMalformed, std::string("the origin breaks HTTP/2: ") + nghttp2_strerror(error)});
  s.end_if_over();
}

void ClientConnection::connection_lost(const Error& error) { state_->end_session(error); }

std::optional<ClientEvent> ClientConnection::poll() { return state_->events.poll(); }

std::optional<std::uint64_t> ClientConnection::poll_writable() {
  State& s = *state_;
  while (!s.writable.empty()) {
    const std::uint64_t tag = s.writable.back();
    s.writable.pop_back();
    State::Stream* const stream = s.find_tag(tag);
    if (stream == nullptr) continue;
    stream->is_writable_noted = false;
    return tag;
  }
  return std::nullopt;
}

std::size_t ClientConnection::pull(Bytes& to, std::size_t most, Instant now) {
  State& s = *state_;
  s.now = now;
  const std::size_t start = to.size();
  if (const int error = s.session.pull(to, most); error < 0)
    s.end_session({Errc::kMalformed, std::string("HTTP/2: ") + nghttp2_strerror(error)});
  s.end_if_over();
  return to.size() - start;
}

bool ClientConnection::wants_write() const { return state_->session.wants_write(); }

bool ClientConnection::is_over() const {
  const State& s = *state_;
  return !s.session || (s.streams.empty() && s.refuses_more);
}

Instant ClientConnection::deadline() const {
  Instant earliest = kNever;
  for (const auto& stream : state_->streams) earliest = std::min(earliest, state_->stream_deadline(*stream));
  return earliest;
}

void ClientConnection::on_deadline(Instant now) {
  State& s = *state_;
  s.now = now;
  std::vector<std::int32_t> due;
  for (const auto& stream : s.streams) {
    if (now >= s.stream_deadline(*stream)) due.push_back(stream->id);
  }
  for (const std::int32_t id : due) {
    State::Stream* const stream = s.find(id);
    if (stream == nullptr) continue;
    // Not a byte since it was asked: the line may be dead, and the next request is not to find that out.
    if (s.heard_at <= std::max(stream->read_at, stream->write_at)) s.refuses_more = true;
    const bool is_write = !stream->output.empty() && !stream->is_long &&
                          now >= http::deadline_after(stream->write_at, s.limits.write_timeout);
    const char* const why = is_write            ? "the origin takes no more of the request"
                            : !stream->has_head ? "the origin does not answer"
                                                : "the origin's answer stopped";
    s.fail(*stream, {Errc::kTimeout, why});
  }
}

}  // namespace railgun::http2
