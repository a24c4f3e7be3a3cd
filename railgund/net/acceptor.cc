#include "railgund/net/acceptor.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <event2/event.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "railgund/net/socket_options.h"

namespace railgun::net {
namespace {

// More than one a turn, as a burst of clients is common; not all, as streams want their turn too.
constexpr int kAcceptsATurn = 64;

std::unexpected<Error> listen_failed(const std::string& where, int error_number) {
  const Errc code = error_number == EACCES || error_number == EPERM ? Errc::kDenied : Errc::kUnavailable;
  const char* advice = "";
  if (error_number == EADDRINUSE) advice = " (another process listens there; 'ss -ltnp' names it)";
  if (error_number == EADDRNOTAVAIL) advice = " (no interface of this machine has the address)";
  if (error_number == EACCES) advice = " (ports below 1024 need root or CAP_NET_BIND_SERVICE)";
  return fail(code, "cannot listen on " + where + ": " + error_text(error_number) + advice);
}

void set_flag(int socket, int level, int option, int value) {
  if (setsockopt(socket, level, option, &value, sizeof value) != 0) return;  // an amenity
}

Result<Descriptor> listen_on(const SocketAddress& address, bool is_any, const ListenOptions& options) {
  const std::string where = to_string(address);
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return listen_failed(where, errno);
  set_flag(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set_flag(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, is_any ? 0 : 1);
  if (options.share_port) {
    const int on = 1;
    if (setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
      return fail(Errc::kUnsupported, "this kernel cannot share port " + std::to_string(address.port()) +
                                          " among listeners: " + error_text(errno));
    }
  }
  if (::bind(socket.get(), address.get(), address.length()) != 0) return listen_failed(where, errno);
  if (::listen(socket.get(), options.backlog) != 0) return listen_failed(where, errno);
  return socket;
}

int accept_connection(int listening, sockaddr* address, socklen_t* length) {
  const int socket = ::accept4(listening, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket >= 0 || errno != ENOSYS) return socket;
  const int plain = ::accept(listening, address, length);  // kernels before 2.6.28
  if (plain >= 0) {
    evutil_make_socket_nonblocking(plain);
    evutil_make_socket_closeonexec(plain);
  }
  return plain;
}

// Whether the failure is the connection's own, so that the next may be accepted at once.
bool concerns_one_connection(int error_number) {
  switch (error_number) {
    case ECONNABORTED:
    case EPROTO:
    case EINTR:
    case EPERM:  // a firewall's rule
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool leaves_ipv4(const Endpoint& endpoint, const std::vector<Endpoint>& all) {
  const auto address_of = [](const Endpoint& each) {
    return SocketAddress::parse(each.host == "localhost" ? "127.0.0.1" : each.host, each.port);
  };
  const auto own = address_of(endpoint);
  if (!own || own->host() != "::") return false;
  return std::ranges::any_of(all, [&](const Endpoint& other) {
    const auto address = address_of(other);
    return other.port == endpoint.port && address && address->family() == AF_INET;
  });
}

Result<Descriptor> listen_tcp(const Endpoint& endpoint, const ListenOptions& options) {
  if (endpoint.host.empty() || endpoint.host == "*") {
    Result<Descriptor> both = listen_on(SocketAddress::any_ipv6(endpoint.port), true, options);
    // Systems without IPv6 refuse the socket or the address.
    return both || both.error().code != Errc::kUnavailable
               ? std::move(both)
               : listen_on(SocketAddress::any_ipv4(endpoint.port), true, options);
  }
  const auto address = SocketAddress::parse(endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, endpoint.port);
  if (!address) {
    return fail(Errc::kInvalid, "cannot listen on '" + endpoint.host + "': not an address (such as 0.0.0.0 or ::1)");
  }
  return listen_on(*address, address->host() == "::" && !options.ipv6_only, options);
}

Result<Descriptor> listen_unix(const std::string& path, unsigned mode, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Errc::kInvalid, "socket path '" + path + "' must have 1 to 107 characters");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);

  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) return fail(Errc::kUnavailable, "cannot listen on " + path + ": it is not a socket");
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool answered = probe && (::connect(probe.get(), name, sizeof address) == 0 || errno == EAGAIN);
    if (answered) return fail(Errc::kUnavailable, "cannot listen on " + path + ": another process does");
    if (::unlink(path.c_str()) != 0) return listen_failed(path, errno);
  }
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return listen_failed(path, errno);
  if (::bind(socket.get(), name, sizeof address) != 0) return listen_failed(path, errno);
  // Before listen(): nobody gets in under the mode that the umask left.
  if (::chmod(path.c_str(), mode) != 0) return listen_failed(path, errno);
  if (::listen(socket.get(), backlog) != 0) return listen_failed(path, errno);
  return socket;
}

Acceptor::Acceptor(EventLoop& loop, Descriptor listening, OnAccept on_accept, OnTrouble on_trouble)
    : loop_(loop),
      listening_(std::move(listening)),
      on_accept_(std::move(on_accept)),
      on_trouble_(std::move(on_trouble)),
      pause_(loop, [this] {
        if (is_accepting_) event_add(&event_, nullptr);
      }) {
  evutil_make_socket_nonblocking(listening_.get());
  event_assign(
      &event_, loop_.base(), listening_.get(), EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* acceptor) noexcept { static_cast<Acceptor*>(acceptor)->on_ready(); }, this);
  event_add(&event_, nullptr);
}

Acceptor::~Acceptor() { event_del(&event_); }

void Acceptor::set_accepting(bool on) {
  is_accepting_ = on;
  pause_.cancel();
  if (on) {
    event_add(&event_, nullptr);
  } else {
    event_del(&event_);
  }
}

void Acceptor::keep_reserve() {
  if (!reserve_) reserve_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

SocketAddress Acceptor::local() const {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(listening_.get(), address, &length) != 0) return {};
  return SocketAddress::from(address, length).value_or(SocketAddress());
}

void Acceptor::on_ready() {
  for (int i = 0; i < kAcceptsATurn && is_accepting_; ++i) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const address = reinterpret_cast<sockaddr*>(&storage);
    Descriptor socket(accept_connection(listening_.get(), address, &length));
    if (!socket) {
      const int error_number = errno;
      if (error_number == EAGAIN || error_number == EWOULDBLOCK) return;
      if (concerns_one_connection(error_number)) continue;
      if ((error_number == EMFILE || error_number == ENFILE) && reserve_) {
        reserve_.reset();
        continue;
      }
      // EMFILE, ENFILE, ENOBUFS, ENOMEM: the connection stays queued, so trying again at once would spin.
      event_del(&event_);
      pause_.set(loop_.now() + kPause);
      if (on_trouble_) {
        on_trouble_(Error{Errc::kUnavailable, "cannot accept connections: " + error_text(error_number) +
                                                  (error_number == EMFILE ? " (raise LimitNOFILE or ulimit -n)" : "")});
      }
      return;
    }
    on_accept_(std::move(socket), SocketAddress::from(address, length).value_or(SocketAddress()));
  }
}

}  // namespace railgun::net
