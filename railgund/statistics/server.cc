#include "railgund/statistics/server.h"

#include <algorithm>

#include "railgund/base/byte_queue.h"
#include "railgund/http/server_connection.h"
#include "railgund/net/tcp_stream.h"
#include "railgund/statistics/page.h"

namespace railgun::statistics {
namespace {

constexpr Duration kFlush = std::chrono::seconds(5);

bool is_this_machine(const std::string& address) { return address == "::1" || address.starts_with("127."); }

http::ServerLimits limits() {
  http::ServerLimits limits;
  limits.head_bytes = 8 * 1024;
  limits.field_count = 60;
  limits.input_bytes = 16 * 1024;
  limits.output_bytes = 64 * 1024;
  limits.unread_bytes = 16 * 1024;
  limits.head_timeout = std::chrono::seconds(5);
  // The page asks every ten seconds, on one connection.
  limits.idle_timeout = std::chrono::seconds(30);
  limits.body_timeout = std::chrono::seconds(2);
  limits.write_timeout = std::chrono::seconds(10);
  return limits;
}

const char* content_type(Resource resource) {
  switch (resource) {
    case Resource::kPage:
      return "text/html; charset=utf-8";
    case Resource::kMetrics:
      return "text/plain; version=0.0.4; charset=utf-8";
    case Resource::kStatistics:
    case Resource::kHistory:
      break;
  }
  return "application/json";
}

http::Response response_head(Resource resource, std::size_t bytes) {
  http::Response response{.status = 200};
  response.fields = {{"Content-Type", content_type(resource)},
                     {"Cache-Control", "no-store"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Vary", "Accept, Authorization"}};
  if (resource == Resource::kPage) {
    response.fields.push_back({"Content-Security-Policy", page_policy()});
    response.fields.push_back({"X-Frame-Options", "DENY"});
  }
  response.body = {.kind = http::BodyLength::Kind::kKnown, .bytes = bytes};
  return response;
}

}  // namespace

class Server::Session final : private net::StreamHandler {
 public:
  Session(Server& server, std::uint64_t id, net::Descriptor socket, const net::SocketAddress& peer)
      : server_(server),
        id_(id),
        is_local_(is_this_machine(peer.host())),
        waits_since_(server.loop_.now()),
        http_(limits(), false, waits_since_),
        stream_(server.loop_, *this),
        deadline_(server.loop_, [this] { on_deadline(); }) {
    // An option the kernel refuses leaves a connection that works.
    (void)stream_.adopt(std::move(socket), peer);
    settle();
  }

  // Since when nothing has been asked; kNever while an answer is under way.
  Instant waits_since() const { return waits_since_; }

  void answer(Resource resource, const std::string& body) {
    if (gather_until_ == kNever) return;
    gather_until_ = kNever;
    http_.send_response(response_head(resource, body.size()), now());
    body_.append(as_bytes(body));
    sending_ = true;
    settle();
  }

 private:
  Instant now() const { return server_.loop_.now(); }

  void on_bytes(ByteView bytes) override {
    http_.receive(bytes, now());
    settle();
  }
  void on_end() override {
    http_.receive_end(now());
    settle();
  }
  std::size_t pull(Bytes& to, std::size_t most) override {
    const std::size_t count = http_.pull(to, most, now());
    settle();
    return count;
  }
  void on_closed(std::optional<Error>) override { server_.sessions_.erase(id_); }

  void on_deadline() {
    if (now() >= gather_until_) {
      gather_until_ = kNever;
      http_.close_after_answer(now(), now());
      http_.send_error(503, "A worker of this daemon does not answer", {}, now());
      waits_since_ = now();
    }
    http_.on_deadline(now());
    settle();
  }

  // Moves what can be moved, then tells the stream and the timer.
  void settle() {
    // An answer that is there at once comes back here: the outermost call goes on with it.
    if (settling_ || closing_) return;
    settling_ = true;
    for (;;) {
      send_body();
      auto event = http_.poll();
      if (!event) break;
      take(std::move(*event));
    }
    settling_ = false;
    if (http_.wants_write()) stream_.want_write();
    if (http_.wants_close() && !http_.wants_write()) {
      closing_ = true;
      deadline_.cancel();
      stream_.close_after_flush(now() + kFlush);
      return;
    }
    stream_.set_reading(http_.wants_read());
    deadline_.set(std::min(http_.deadline(), gather_until_));
  }

  void send_body() {
    if (!sending_) return;
    const std::size_t count = std::min(body_.size(), http_.writable_bytes());
    if (count > 0) {
      http_.send_body(body_.view().first(count), now());
      body_.consume(count);
    }
    if (!body_.empty()) return;
    sending_ = false;
    http_.send_end(now());
    waits_since_ = now();
  }

  void take(http::ServerEvent event) {
    if (const auto* received = std::get_if<http::RequestReceived>(&event)) {
      handle(received->request);
    } else if (const auto* body = std::get_if<http::RequestBody>(&event)) {
      http_.body_consumed(body->bytes.size(), now());
    } else if (std::holds_alternative<http::ClientGone>(event)) {
      gather_until_ = kNever;
      sending_ = false;
      body_.clear();
    }
  }

  void handle(const http::Request& request) {
    const auto resource = judge_request(request, is_local_, server_.token_());
    if (!resource) {
      http_.close_after_answer(now(), now());
      http_.send_error(resource.error().status, resource.error().line, resource.error().fields, now());
      return;
    }
    waits_since_ = kNever;
    gather_until_ = now() + kGatherTimeout;
    server_.handler_(*resource,
                     [watch = server_.alive_.watch(), id = id_, resource = *resource](const std::string& body) {
                       Server* const server = watch.get();
                       if (server == nullptr) return;
                       const auto found = server->sessions_.find(id);
                       if (found != server->sessions_.end()) found->second->answer(resource, body);
                     });
  }

  Server& server_;
  std::uint64_t id_;
  bool is_local_;
  Instant waits_since_;
  http::ServerConnection http_;
  Instant gather_until_ = kNever;  // while the handler works on the answer
  ByteQueue body_;                 // one answer: with a thousand sites about two megabytes
  bool sending_ = false;
  bool settling_ = false;
  bool closing_ = false;
  net::TcpStream stream_;
  net::Timer deadline_;
};

Server::Server(net::EventLoop& loop, net::Descriptor listening, Handler handler, std::function<std::string()> token)
    : loop_(loop), handler_(std::move(handler)), token_(std::move(token)) {
  acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(listening),
      [this](net::Descriptor socket, const net::SocketAddress& peer) { accept(std::move(socket), peer); });
}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(net::EventLoop& loop, const Endpoint& endpoint, Handler handler,
                                             std::function<std::string()> token) {
  auto listening = net::listen_tcp(endpoint);
  if (!listening) return std::unexpected(listening.error());
  return std::unique_ptr<Server>(new Server(loop, std::move(*listening), std::move(handler), std::move(token)));
}

void Server::accept(net::Descriptor socket, const net::SocketAddress& peer) {
  if (sessions_.size() >= kConnections) make_room();
  const std::uint64_t id = next_session_++;
  sessions_.emplace(id, std::make_unique<Session>(*this, id, std::move(socket), peer));
}

// Answers under way have a deadline of their own: if there is nothing else, one of them goes.
void Server::make_room() {
  const auto longest = std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
    return a.second->waits_since() < b.second->waits_since();
  });
  sessions_.erase(longest);
}

}  // namespace railgun::statistics
