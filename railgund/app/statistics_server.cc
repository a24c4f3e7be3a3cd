#include "railgund/app/statistics_server.h"

#include "railgund/app/statistics_json.h"
#include "railgund/app/statistics_metrics.h"
#include "railgund/base/byte_queue.h"
#include "railgund/base/field.h"
#include "railgund/net/tcp_stream.h"
#include "railgund/tls/token.h"

namespace railgun::app {
namespace {

constexpr Duration kFlush = std::chrono::seconds(5);

bool is_this_machine(const std::string& address) {
  return address == "::1" || address.starts_with("127.") || address.starts_with("::ffff:127.");
}

std::string answer(const char* status, const char* type, const std::string& body, bool with_body) {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n" + (with_body ? body : "");
}

// The value of a field, without the blanks around it.
std::string field(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string_view::npos ? std::string{} : std::string(line.substr(start));
  }
  return {};
}

}  // namespace

std::string answer_statistics(std::string_view head, const std::string& token, const Totals& totals) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t first = line.find(' '), second = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  if (first == std::string_view::npos || second <= first || !line.substr(second).starts_with(" HTTP/1.")) {
    return answer("400 Bad Request", "text/plain", "not HTTP/1\n", true);
  }
  const bool with_body = method != "HEAD";
  if (method != "GET" && method != "HEAD")
    return answer("405 Method Not Allowed", "text/plain", "only GET and HEAD\n", true);
  if (!token.empty() && !tls::equal_secrets(as_bytes(field(head, "Authorization")), as_bytes("Bearer " + token))) {
    return answer("401 Unauthorized", "text/plain",
                  "from here, a token is needed: Authorization: Bearer TOKEN (stats.token)\n", with_body);
  }
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  if (path == "/") return answer("200 OK", "application/json", statistics_json(totals) + '\n', with_body);
  if (path == "/metrics") return answer("200 OK", "text/plain; version=0.0.4", statistics_metrics(totals), with_body);
  return answer("404 Not Found", "text/plain", "there are / and /metrics\n", with_body);
}

class StatisticsServer::Session final : private net::StreamHandler {
 public:
  Session(StatisticsServer& server, std::uint64_t id, net::Descriptor socket, const net::SocketAddress& peer)
      : server_(server),
        id_(id),
        is_local_(is_this_machine(peer.host())),
        stream_(server.loop_, *this),
        patience_(server.loop_, [this] { end(); }) {
    (void)stream_.adopt(std::move(socket), peer);
    patience_.set(server_.loop_.now() + kPatience);
  }

 private:
  void on_bytes(ByteView bytes) override {
    head_ += as_text(bytes);
    const std::size_t end_of_head = head_.find("\r\n\r\n");
    if (end_of_head == std::string::npos && head_.size() <= kHeadBytes) return;
    stream_.set_reading(false);
    const std::string token = server_.token_();
    // Without a token nobody from elsewhere may ask: the settings see to that, this is the second lock.
    const bool refused = end_of_head > kHeadBytes || (!is_local_ && token.empty());
    const std::string text = refused ? answer("403 Forbidden", "text/plain", "refused\n", true)
                                     : answer_statistics(std::string_view(head_).substr(0, end_of_head),
                                                         is_local_ ? std::string{} : token, server_.totals_());
    out_.append(as_bytes(text));
    end();
  }
  void on_end() override { end(); }
  std::size_t pull(Bytes& to, std::size_t most) override { return out_.take(to, most); }
  void on_closed(std::optional<Error>) override { server_.sessions_.erase(id_); }

  void end() {
    patience_.cancel();
    stream_.want_write();
    stream_.close_after_flush(server_.loop_.now() + kFlush);
  }

  StatisticsServer& server_;
  std::uint64_t id_;
  bool is_local_;
  std::string head_;
  ByteQueue out_;  // one answer, a few kilobytes
  net::TcpStream stream_;
  net::Timer patience_;
};

StatisticsServer::StatisticsServer(net::EventLoop& loop, net::Descriptor listening, std::function<Totals()> totals,
                                   std::function<std::string()> token)
    : loop_(loop), totals_(std::move(totals)), token_(std::move(token)) {
  acceptor_ = std::make_unique<net::Acceptor>(
      loop_, std::move(listening),
      [this](net::Descriptor socket, const net::SocketAddress& peer) { accept(std::move(socket), peer); });
}

StatisticsServer::~StatisticsServer() = default;

Result<std::unique_ptr<StatisticsServer>> StatisticsServer::open(net::EventLoop& loop, const Endpoint& endpoint,
                                                                 std::function<Totals()> totals,
                                                                 std::function<std::string()> token) {
  auto listening = net::listen_tcp(endpoint);
  if (!listening) return std::unexpected(listening.error());
  return std::unique_ptr<StatisticsServer>(
      new StatisticsServer(loop, std::move(*listening), std::move(totals), std::move(token)));
}

void StatisticsServer::accept(net::Descriptor socket, const net::SocketAddress& peer) {
  if (sessions_.size() >= kConnections) return;
  const std::uint64_t id = next_session_++;
  sessions_.emplace(id, std::make_unique<Session>(*this, id, std::move(socket), peer));
}

}  // namespace railgun::app
