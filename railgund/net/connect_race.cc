#include "railgund/net/connect_race.h"

#include <algorithm>
#include <cerrno>

#include <event2/event.h>
#include <sys/socket.h>

#include "railgund/base/check.h"

namespace railgun::net {
namespace {

Error connect_failed(const SocketAddress& peer, int error_number) {
  return {error_number == ETIMEDOUT ? Errc::kTimeout : Errc::kUnavailable,
          "connection failed " + to_string(peer) + ": " + error_text(error_number)};
}

std::vector<SocketAddress> first_few(std::vector<SocketAddress> addresses) {
  if (addresses.size() > ConnectRace::kMostAddresses) addresses.resize(ConnectRace::kMostAddresses);
  return addresses;
}

}  // namespace

// A socket that is connecting.
struct ConnectRace::Attempt {
  Attempt(ConnectRace& its_race, const SocketAddress& address, Descriptor its_socket)
      : race(its_race), peer(address), socket(std::move(its_socket)) {
    event_assign(
        &ready, race.loop_.base(), socket.get(), EV_WRITE,
        [](evutil_socket_t, short, void* attempt) noexcept {
          auto* const self = static_cast<Attempt*>(attempt);
          self->race.on_ready(*self);
        },
        this);
    event_add(&ready, nullptr);
  }
  ~Attempt() { event_del(&ready); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  ConnectRace& race;
  SocketAddress peer;
  Descriptor socket;
  event ready;
};

ConnectRace::ConnectRace(EventLoop& loop, const std::vector<SocketAddress>& addresses, SocketOptions options,
                         Answer answer)
    : loop_(loop),
      addresses_(first_few(loop.address_history().in_order(addresses, loop.now()))),
      options_(std::move(options)),
      answer_(std::move(answer)),
      pause_(loop, [this] { try_next(); }),
      go_on_(loop, [this] { try_next(); }) {
  RAILGUN_CHECK(!addresses_.empty());
  try_next();
}

ConnectRace::~ConnectRace() = default;

void ConnectRace::give_up() {
  for (const auto& attempt : attempts_) loop_.address_history().failed(attempt->peer, loop_.now());
}

// With no address left, ends the race once no attempt is under way.
void ConnectRace::try_next() {
  if (next_ == addresses_.size()) {
    if (attempts_.empty()) finish(std::unexpected(error_));
    return;
  }
  const SocketAddress& peer = addresses_[next_++];
  Descriptor socket(::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return lose(peer, connect_failed(peer, errno));
  if (auto applied = apply_options(socket.get(), options_); !applied) return lose(peer, std::move(applied.error()));
  if (::connect(socket.get(), peer.get(), peer.length()) != 0 && errno != EINPROGRESS) {
    return lose(peer, connect_failed(peer, errno));
  }
  attempts_.push_back(std::make_unique<Attempt>(*this, peer, std::move(socket)));
  if (next_ < addresses_.size()) pause_.set(loop_.now() + kPause);
}

void ConnectRace::lose(const SocketAddress& peer, Error error) {
  error_ = std::move(error);
  loop_.address_history().failed(peer, loop_.now());
  pause_.cancel();
  go_on_.schedule();
}

void ConnectRace::on_ready(Attempt& attempt) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  if (getsockopt(attempt.socket.get(), SOL_SOCKET, SO_ERROR, &error_number, &length) != 0) error_number = errno;
  const SocketAddress peer = attempt.peer;
  Descriptor socket = std::move(attempt.socket);
  std::erase_if(attempts_, [&](const auto& each) { return each.get() == &attempt; });
  if (error_number != 0) return lose(peer, connect_failed(peer, error_number));
  // Those under way were tried earlier, or the pause after this one is over: either way they are slower.
  give_up();
  loop_.address_history().succeeded(peer);
  finish(Winner{std::move(socket), peer});
}

void ConnectRace::finish(Result<Winner> result) {
  attempts_.clear();
  pause_.cancel();
  go_on_.cancel();
  const Answer answer = std::move(answer_);
  answer(std::move(result));  // may destroy this
}

}  // namespace railgun::net
