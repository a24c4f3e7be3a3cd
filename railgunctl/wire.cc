#include "railgunctl/wire.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "railgund/net/clock.h"
#include "railgund/net/event_loop.h"
#include "railgund/net/resolver.h"
#include "railgund/net/socket_options.h"

namespace railgun::ctl {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kFirstBytes = 64;

bool wait_for(int socket, short events, Instant deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - net::steady_now());
    if (left.count() <= 0) return false;
    pollfd poll{.fd = socket, .events = events, .revents = 0};
    const int ready = ::poll(&poll, 1, static_cast<int>(std::min<std::int64_t>(left.count(), INT32_MAX)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

Reach reach_of(int error) {
  if (error == ECONNREFUSED) return Reach::kRefused;
  return error == ETIMEDOUT ? Reach::kTimeout : Reach::kUnreachable;
}

// 0 if connected, else the errno.
int finish_connect(int socket, int result, Instant deadline) {
  if (result == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;
  if (!wait_for(socket, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Result<Resolved> resolve(const Endpoint& endpoint, Instant deadline) {
  const Instant begun = net::steady_now();
  if (const auto address = net::SocketAddress::parse(endpoint.host, endpoint.port)) {
    return Resolved{.addresses = {*address}, .time = {}, .was_name = false};
  }
  net::EventLoop loop;
  net::Resolver resolver(loop);
  Result<std::vector<net::SocketAddress>> answer = fail(Errc::kTimeout, "no answer");
  const auto lookup = resolver.resolve(endpoint.host, endpoint.port, deadline, [&](auto addresses) {
    answer = std::move(addresses);
    loop.stop();
  });
  loop.run();
  if (!answer) return std::unexpected(answer.error());
  return Resolved{.addresses = *std::move(answer), .time = net::steady_now() - begun, .was_name = true};
}

Wire::Attempt Wire::connect(const net::SocketAddress& address, Instant deadline) {
  const Instant begun = net::steady_now();
  net::Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {.reason = net::error_text(errno), .error_number = errno};
  const int one = 1;
  // A probe of small messages; without the option it works too.
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const int error = finish_connect(socket.get(), ::connect(socket.get(), address.get(), address.length()), deadline);
  const Duration time = net::steady_now() - begun;
  if (error != 0)
    return {.reach = reach_of(error), .time = time, .reason = net::error_text(error), .error_number = error};
  return {.reach = Reach::kOpen, .time = time, .wire = Wire(std::move(socket))};
}

Wire::Attempt Wire::connect_unix(const std::string& path, Instant deadline) {
  const Instant begun = net::steady_now();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {.reason = "the path is too long for a socket"};
  std::memcpy(address.sun_path, path.data(), path.size());
  net::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return {.reason = net::error_text(errno), .error_number = errno};
  const int result = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = finish_connect(socket.get(), result, deadline);
  if (error != 0) return {.reach = reach_of(error), .reason = net::error_text(error), .error_number = error};
  return {.reach = Reach::kOpen, .time = net::steady_now() - begun, .wire = Wire(std::move(socket))};
}

Connected connect_any(const std::vector<net::SocketAddress>& addresses, Instant deadline) {
  Connected connected;
  for (std::size_t i = 0; i < addresses.size() && !connected.wire; ++i) {
    const auto share = (deadline - net::steady_now()) / static_cast<long>(addresses.size() - i);
    Wire::Attempt attempt = Wire::connect(addresses[i], net::steady_now() + share);
    connected.attempts.push_back({addresses[i].host(), attempt.reach, attempt.time, std::move(attempt.reason)});
    connected.wire = std::move(attempt.wire);
  }
  return connected;
}

bool Wire::wait(short events, Instant deadline) const { return wait_for(socket_.get(), events, deadline); }

Result<Bytes> Wire::read_plain(Instant deadline) {
  Bytes bytes(kReadBytes);
  while (true) {
    if (!wait(POLLIN, deadline)) return fail(Errc::kTimeout, "timeout: no answer");
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return fail(Errc::kUnavailable, net::error_text(errno));
    bytes.resize(static_cast<std::size_t>(count));
    const std::size_t wanted = std::min(kFirstBytes - first_bytes_.size(), bytes.size());
    append(first_bytes_, ByteView(bytes).first(wanted));
    return bytes;
  }
}

Result<void> Wire::write_plain(ByteView bytes, Instant deadline) {
  while (!bytes.empty()) {
    if (!wait(POLLOUT, deadline)) return fail(Errc::kTimeout, "timeout: the peer does not read");
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return fail(Errc::kUnavailable, net::error_text(errno));
    if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

// What TLS has to say; before an error is passed on, too, so that the peer learns the reason.
Result<void> Wire::flush(Instant deadline) {
  Bytes bytes;
  engine_->pull(bytes, SIZE_MAX);
  return write_plain(bytes, deadline);
}

Result<void> Wire::secure(const tls::ContextPtr& context, const std::string& server_name, Instant deadline,
                          bool offers_http2) {
  engine_ = std::make_unique<tls::Engine>(tls::Engine::client(context, server_name, offers_http2));
  if (auto sent = flush(deadline); !sent) return sent;
  while (!engine_->handshake_done()) {
    const auto bytes = read_plain(deadline);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return fail(Errc::kUnavailable, "closed during the TLS handshake");
    const auto received = engine_->receive(*bytes);
    const auto sent = flush(deadline);
    if (!received) return received;
    if (!sent) return sent;
  }
  return {};
}

Result<Bytes> Wire::read(Instant deadline) {
  if (engine_ == nullptr) return read_plain(deadline);
  while (true) {
    Bytes plaintext;
    if (engine_->take_plaintext(plaintext) > 0) return plaintext;
    if (engine_->peer_closed()) return Bytes{};
    const auto bytes = read_plain(deadline);
    if (!bytes || bytes->empty()) return bytes;
    const auto received = engine_->receive(*bytes);
    const auto sent = flush(deadline);
    if (!received) return std::unexpected(received.error());
    if (!sent) return std::unexpected(sent.error());
  }
}

Result<void> Wire::write(ByteView bytes, Instant deadline) {
  if (engine_ == nullptr) return write_plain(bytes, deadline);
  if (auto sent = engine_->send(bytes); !sent) return sent;
  return flush(deadline);
}

}  // namespace railgun::ctl
