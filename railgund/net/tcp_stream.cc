#include "railgund/net/tcp_stream.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "railgund/base/check.h"

namespace railgun::net {

// What a stream needs only while it cannot simply go on.
struct TcpStream::Waiting {
  Waiting(TcpStream& stream, EventLoop& loop, int socket) : give_up(loop, [&stream] { stream.on_give_up(); }) {
    watch(stream, loop, socket);
  }
  ~Waiting() { event_del(&write_event); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  // Once the socket is there.
  void watch(TcpStream& stream, EventLoop& loop, int socket) {
    event_assign(
        &write_event, loop.base(), socket, EV_WRITE,
        [](evutil_socket_t, short, void* context) noexcept { static_cast<TcpStream*>(context)->on_write_event(); },
        &stream);
  }

  event write_event;
  bool is_blocked = false;            // write_event is added
  bool closes_after_connect = false;  // close_after_flush() came first
  Bytes unsent;                       // pulled, and not taken by the kernel
  std::optional<Error> write_error;   // nothing can be sent any more; what has come is read first
  Timer give_up;
  std::unique_ptr<ConnectRace> race;  // while connecting
};

namespace {

constexpr Duration kHalfClosedCheck = std::chrono::seconds(1);

// Tells whether an object was destroyed by the handler it called.
class Guard {
 public:
  explicit Guard(bool*& flag) : flag_(flag), outer_(flag) { flag_ = &destroyed_; }
  ~Guard() {
    if (!destroyed_) {
      flag_ = outer_;
    } else if (outer_ != nullptr) {
      *outer_ = true;
    }
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  bool destroyed() const { return destroyed_; }

 private:
  bool*& flag_;
  bool* outer_;
  bool destroyed_ = false;
};

// The loop's memory for output, taken for a while and given back empty.
class Scratch {
 public:
  explicit Scratch(EventLoop& loop) : loop_(loop) { bytes.swap(loop_.write_buffer()); }
  ~Scratch() {
    bytes.clear();
    bytes.swap(loop_.write_buffer());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  Bytes bytes;

 private:
  EventLoop& loop_;
};

bool is_transient(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == EINTR || error_number == ENOBUFS;
}

}  // namespace

TcpStream::TcpStream(EventLoop& loop, StreamHandler& handler)
    : loop_(loop), handler_(handler), turn_end_(loop, [this] { on_turn_end(); }) {}

TcpStream::~TcpStream() {
  close();
  if (destroyed_ != nullptr) *destroyed_ = true;
}

Result<void> TcpStream::adopt(Descriptor socket, const SocketAddress& peer, const SocketOptions& options) {
  RAILGUN_CHECK(state_ == State::kClosed && socket);
  socket_ = std::move(socket);
  set_pull_bytes(options);
  peer_ = peer;
  evutil_make_socket_nonblocking(socket_.get());
  watch_socket();
  state_ = State::kOpen;
  has_ended_ = ends_output_ = false;
  watch_reading();
  if (wants_write_) turn_end_.schedule();
  return peer_.is_set() ? apply_options(socket_.get(), options) : Result<void>{};
}

void TcpStream::connect(const std::vector<SocketAddress>& addresses, Instant give_up, const SocketOptions& options) {
  RAILGUN_CHECK(state_ == State::kClosed && !addresses.empty());
  peer_ = addresses.front();
  set_pull_bytes(options);
  has_ended_ = false;
  acknowledges_at_once_ = options.acknowledges_at_once;
  state_ = State::kConnecting;
  Waiting& wait = waiting();
  wait.race = std::make_unique<ConnectRace>(
      loop_, addresses, options, [this](Result<ConnectRace::Winner> result) { finish_connect(std::move(result)); });
  wait.give_up.set(give_up);
}

void TcpStream::set_pull_bytes(const SocketOptions& options) {
  pull_bytes_ = options.unsent_bytes == 0 ? kPullBytes : std::min(kPullBytes, options.unsent_bytes);
}

void TcpStream::watch_socket() {
  event_assign(
      &read_event_, loop_.base(), socket_.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* stream) noexcept { static_cast<TcpStream*>(stream)->on_read_event(); }, this);
  if (waiting_ != nullptr) waiting_->watch(*this, loop_, socket_.get());
}

void TcpStream::set_reading(bool on) {
  is_reading_ = on;
  watch_reading();
}

// Many pauses end within the turn, so a pause changes nothing at first. If bytes come during it, on_read_event() stops
// watching the descriptor, and the end of the pause adds it again.
void TcpStream::watch_reading() {
  if (is_watched_ || !is_read()) return;
  is_watched_ = true;
  event_add(&read_event_, nullptr);
}

bool TcpStream::is_read() const {
  if (has_ended_ || !socket_) return false;
  return state_ == State::kLingering || state_ == State::kFlushing || (state_ == State::kOpen && is_reading_);
}

void TcpStream::want_write() {
  wants_write_ = true;
  if (state_ != State::kOpen && state_ != State::kFlushing) return;
  if (waiting_ == nullptr || !waiting_->is_blocked) turn_end_.schedule();
}

void TcpStream::end_output() {
  ends_output_ = true;
  want_write();
}

void TcpStream::close_after_flush(Instant give_up) {
  if (state_ == State::kClosed || state_ == State::kFlushing || state_ == State::kLingering) return;
  if (state_ == State::kOpen) state_ = State::kFlushing;
  waiting().closes_after_connect = state_ == State::kConnecting;
  waiting().give_up.set(give_up);
  watch_reading();
  want_write();
}

void TcpStream::close() {
  drop_events();
  socket_.reset();
  state_ = State::kClosed;
  wants_write_ = false;
}

void TcpStream::abort() {
  if (socket_) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  close();
}

void TcpStream::drop_events() {
  if (is_watched_) event_del(&read_event_);
  is_watched_ = false;
  waiting_.reset();
  half_closed_check_.reset();
  turn_end_.cancel();
}

SocketAddress TcpStream::local() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (!socket_ || getsockname(socket_.get(), address, &length) != 0) return {};
  return SocketAddress::from(address, length).value_or(SocketAddress());
}

TcpStream::Waiting& TcpStream::waiting() {
  if (waiting_ == nullptr) waiting_ = std::make_unique<Waiting>(*this, loop_, socket_.get());
  return *waiting_;
}

void TcpStream::report_closed(std::optional<Error> error) {
  close();
  handler_.on_closed(std::move(error));  // may destroy this
}

void TcpStream::on_read_event() {
  if (!is_read()) {
    is_watched_ = false;
    event_del(&read_event_);
    return;
  }
  const std::span<std::uint8_t> buffer = loop_.read_buffer();
  const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    const int error_number = errno;
    if (is_transient(error_number)) return;
    return report_closed(Error{error_number == ETIMEDOUT ? Errc::kTimeout : Errc::kUnavailable,
                               "connection to " + to_string(peer_) + " lost: " + error_text(error_number)});
  }
  if (count == 0 && waiting_ != nullptr && waiting_->write_error) return report_closed(*waiting_->write_error);
  if (count == 0) {
    has_ended_ = true;
    if (state_ == State::kLingering) return report_closed(std::nullopt);
    if (state_ != State::kOpen) return;
    watch_half_closed();
    handler_.on_end();  // may destroy this
    return;
  }
  if (acknowledges_at_once_) acknowledge(socket_.get());
  // One read a turn; what is left in the kernel makes the descriptor ready again in the next.
  if (state_ == State::kOpen) handler_.on_bytes(buffer.first(static_cast<std::size_t>(count)));  // may destroy this
}

void TcpStream::on_write_event() {
  waiting_->is_blocked = false;
  write_out();
}

void TcpStream::finish_connect(Result<ConnectRace::Winner> result) {
  if (!result) return report_closed(std::move(result.error()));
  socket_ = std::move(result->socket);
  peer_ = result->peer;
  watch_socket();
  const bool closes = waiting_->closes_after_connect;
  state_ = closes ? State::kFlushing : State::kOpen;
  if (closes) {
    waiting_->race.reset();
  } else {
    waiting_.reset();
  }
  watch_reading();
  if (wants_write_) turn_end_.schedule();
  if (!closes) handler_.on_connected();  // may destroy this
}

void TcpStream::on_turn_end() {
  if (state_ == State::kOpen || state_ == State::kFlushing) write_out();
}

void TcpStream::on_give_up() {
  if (state_ == State::kConnecting) {
    waiting_->race->give_up();
    return report_closed(Error{Errc::kTimeout, "connection failed " + to_string(peer_) + ": i/o timeout"});
  }
  report_closed(Error{Errc::kTimeout, to_string(peer_) + " did not take the rest in time"});
}

// Sends until the kernel takes no more, there is no more, or the turn's share is used up.
void TcpStream::write_out() {
  if (waiting_ != nullptr && (waiting_->is_blocked || waiting_->write_error)) return;
  std::size_t written = 0;
  Scratch scratch(loop_);
  Bytes& pulled = scratch.bytes;
  if (waiting_ != nullptr) {
    append(pulled, waiting_->unsent);
    waiting_->unsent = Bytes();
  }
  for (;;) {
    if (pulled.empty()) {
      if (!wants_write_) break;
      if (written >= kTurnBytes) return turn_end_.schedule();
      Guard guard(destroyed_);
      wants_write_ = false;
      const std::size_t count = handler_.pull(pulled, pull_bytes_);
      if (guard.destroyed()) return;
      if (state_ != State::kOpen && state_ != State::kFlushing) return;  // closed meanwhile
      RAILGUN_CHECK(count == pulled.size());
      if (count == 0) break;
      wants_write_ = true;  // until a pull gives nothing
    }
    const ssize_t sent = ::send(socket_.get(), pulled.data(), pulled.size(), MSG_NOSIGNAL);
    if (sent < 0 && !is_transient(errno)) {
      return fail_writing(errno);
    }
    const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    written += taken;
    if (taken < pulled.size()) {
      Waiting& wait = waiting();
      wait.unsent = to_bytes(ByteView(pulled).subspan(taken));
      wait.is_blocked = true;
      event_add(&wait.write_event, nullptr);
      return;
    }
    pulled.clear();
  }
  if (state_ == State::kFlushing) return finish_flush();
  waiting_.reset();
  if (std::exchange(ends_output_, false)) ::shutdown(socket_.get(), SHUT_WR);
}

// A descriptor that is not read any more reports neither a reset nor a peer that has vanished, so its state is looked at
// now and then. Probes find out whether the peer is still there: a kernel answers those of a connection that its program
// has closed with a reset, if only after its own timeout (60 s on Linux).
void TcpStream::watch_half_closed() {
  if (!peer_.is_set()) return;
  constexpr int kOn = 1, kSecondsToProbe = 5, kSecondsBetweenProbes = 5, kProbes = 3;
  setsockopt(socket_.get(), SOL_SOCKET, SO_KEEPALIVE, &kOn, sizeof kOn);
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kSecondsToProbe, sizeof kSecondsToProbe);
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPINTVL, &kSecondsBetweenProbes, sizeof kSecondsBetweenProbes);
  setsockopt(socket_.get(), IPPROTO_TCP, TCP_KEEPCNT, &kProbes, sizeof kProbes);
  half_closed_check_ = std::make_unique<Timer>(loop_, [this] { on_half_closed_check(); });
  half_closed_check_->set(loop_.now() + kHalfClosedCheck);
}

void TcpStream::on_half_closed_check() {
  if (state_ != State::kOpen) return;
  tcp_info info{};
  socklen_t length = sizeof info;
  const bool is_known = getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
  if (is_known && info.tcpi_state == TCP_CLOSE)
    return report_closed(Error{Errc::kUnavailable, "connection to " + to_string(peer_) + " lost: reset by the peer"});
  half_closed_check_->set(loop_.now() + kHalfClosedCheck);
}

// A peer that closes without having read everything resets the connection, but what it sent before is still here: an
// answer that refuses an upload comes just so (RFC 9112 9.5). The stream closes once that is read.
void TcpStream::fail_writing(int error_number) {
  Error error{error_number == ETIMEDOUT ? Errc::kTimeout : Errc::kUnavailable,
              "connection to " + to_string(peer_) + " lost: " + error_text(error_number)};
  if (state_ != State::kOpen || has_ended_ || !is_reading_) return report_closed(std::move(error));
  wants_write_ = false;
  waiting().write_error = std::move(error);
}

void TcpStream::finish_flush() {
  ::shutdown(socket_.get(), SHUT_WR);
  if (has_ended_) return report_closed(std::nullopt);
  state_ = State::kLingering;
  watch_reading();
}

}  // namespace railgun::net
